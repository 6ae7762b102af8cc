/** Dropped or chosen files, and their folders, which name the classes. */

/** A file and the name of its folder; no name if the file was given alone. */
export interface GivenFile {
  file: File;
  folder?: string;
}

/** Extensions of recordings: in a folder, other files are ignored. */
const RECORDING = /\.(wav|wave|flac|mp3|ogg|oga|opus|m4a|aac|mp4|webm|aif|aiff|au|snd|caf|wma|amr|3gp)$/i;

/** Whether a file in a folder counts as a recording. */
const isRecording = ({ file, folder }: GivenFile) =>
  folder === undefined || (RECORDING.test(file.name) && !file.name.startsWith("."));

/**
 * The files of a drop, including those in folders, by their paths.
 *
 * @returns the files, and the number of other files in folders
 */
export async function filesOfDrop(transfer: DataTransfer): Promise<{ files: GivenFile[]; others: number }> {
  // a drop's items disappear after its event, so they are read before anything is awaited
  const entries = [...transfer.items].filter(({ kind }) => kind === "file").map((item) => item.webkitGetAsEntry());
  const plain = [...transfer.files];
  const all: GivenFile[] = [];
  for (const [i, entry] of entries.entries()) {
    if (entry?.isDirectory) await walk(entry as FileSystemDirectoryEntry, all);
    else if (plain[i]) all.push({ file: plain[i] });
  }
  return sortOut(all);
}

/** The chosen files; with `webkitdirectory`, those of a folder and its subfolders. */
export function filesOfInput({ files }: HTMLInputElement): { files: GivenFile[]; others: number } {
  return sortOut([...files ?? []].map((file): GivenFile => {
    const folder = file.webkitRelativePath.split("/").at(-2);
    return { file, ...(folder && { folder }) };
  }));
}

function sortOut(all: GivenFile[]): { files: GivenFile[]; others: number } {
  const files = all.filter(isRecording);
  const path = ({ file, folder = "" }: GivenFile) => `${folder}/${file.name}`;
  files.sort((a, b) => path(a).localeCompare(path(b), undefined, { numeric: true }));
  return { files, others: all.length - files.length };
}

async function walk(folder: FileSystemDirectoryEntry, all: GivenFile[]): Promise<void> {
  const reader = folder.createReader();
  for (;;) {
    // a reader returns some entries at a time, and none at the end
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const entry of some) {
      if (entry.isDirectory) await walk(entry as FileSystemDirectoryEntry, all);
      else {
        const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
        all.push({ file, folder: folder.name });
      }
    }
  }
}
