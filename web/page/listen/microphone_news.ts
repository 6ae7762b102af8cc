/** What the page says of an active microphone's events. */
import type { App } from "../view.ts";
import type { MicrophoneNews } from "./sound.ts";

/** Prints an event, and ends the use of a microphone that is lost. @param next what to do then, as a sentence */
export function reportMicrophone(app: App, news: MicrophoneNews, end: () => void, next = ""): void {
  if (news === "ended") {
    end();
    app.say(`The microphone is gone: it was unplugged, or its permission was withdrawn.${next && ` ${next}`}`, "fault");
  } else if (news === "interrupted") {
    app.say("The sound is interrupted, perhaps by a call. It resumes when it can; if not, click anywhere.", "fault");
  } else app.say("The microphone works again.");
}
