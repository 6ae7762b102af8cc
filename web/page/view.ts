/** The interface between the shell and its views. */
import type { DeviceInfo, Recognition } from "../engine/protocol.ts";
import type { ModelDescription } from "../../models/description.ts";
import type { Engine } from "./engine.ts";

/** The shell's services for every view. */
export interface App {
  readonly engine: Engine;
  /** Resolves to the device that is open or being opened. */
  device(): Promise<DeviceInfo>;
  /** The model's description; undefined if the page has none. */
  model(): Promise<ModelDescription | undefined>;
  /** The latest result, and its cursor: Listen sets it, Inside inspects it. */
  recognition?: { name: string; recognition: Recognition; cursor: number };
  /** Shows a note for a while; a fault stays until it is dismissed. */
  say(message: string, kind?: "note" | "fault"): void;
  /** Dismisses the note. */
  quiet(): void;
  /** Reports an error with a friendly message; a lost device is replaced. */
  fail(error: unknown): void;
}

/** One view. */
export interface PageView {
  /** Its name in the address and in the navigation: "listen". */
  readonly id: string;
  readonly title: string;
  readonly element: HTMLElement;
  /**
   * Handles a drop on the page while the view is shown; a view without this method leaves it to Listen. @param place
   * the element under the drop
   */
  drop?(transfer: DataTransfer, place: Element | null): void;
  /** Called when it appears on the screen. */
  shown?(): void;
  /** Called when it disappears. */
  hidden?(): void;
  /** Called before the device changes, and awaited. */
  deviceChanging?(): Promise<void> | void;
  /** Called after the device has changed. */
  deviceChanged?(): void;
}
