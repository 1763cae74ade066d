const notes: (() => string)[] = [];

/** Let what `note` gives stand below the stack when a command ends by a fault of ours; empty text is left out. */
export function showWithFaults(note: () => string): void {
  notes.push(note);
}

/** What stands below the stack now. */
export const faultNotes = (): string[] => notes.map((note) => note()).filter((text) => text !== '');
