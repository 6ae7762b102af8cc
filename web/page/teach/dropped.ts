/** What was dropped or chosen: files, and the folders that they lie in, which name their classes. */

/** A file, and the name of the folder that it lies in; none where it was given by itself. */
export interface GivenFile {
  file: File;
  folder?: string;
}

/** Endings of recordings: in a folder, other files are passed over. */
const RECORDING = /\.(wav|wave|flac|mp3|ogg|oga|opus|m4a|aac|mp4|webm|aif|aiff|au|snd|caf|wma|amr|3gp)$/i;

/** Whether a file of a folder is taken for a recording. */
const isRecording = ({ file, folder }: GivenFile) =>
  folder === undefined || (RECORDING.test(file.name) && !file.name.startsWith("."));

/**
 * The files of a drop, those in folders too, by their paths.
 *
 * @returns them, and how many files of folders are no recordings
 */
export async function filesOfDrop(transfer: DataTransfer): Promise<{ files: GivenFile[]; others: number }> {
  // a drop's items are gone after its event: they are asked for before anything is waited for
  const entries = [...transfer.items].filter(({ kind }) => kind === "file").map((item) => item.webkitGetAsEntry());
  const plain = [...transfer.files];
  const all: GivenFile[] = [];
  for (const [i, entry] of entries.entries()) {
    if (entry?.isDirectory) await walk(entry as FileSystemDirectoryEntry, all);
    else if (plain[i]) all.push({ file: plain[i] });
  }
  return sortOut(all);
}

/** The files that were chosen; with `webkitdirectory`, those of a folder and of the folders in it. */
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
    // a reader gives some at a time, and none at the end
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
