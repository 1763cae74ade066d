import { keepLibraryOutput } from '../../../configs/cli/libraryOutput.js';

/** How the module of tfjs-backend-wasm 4.22 is to print, in the settings of its factory. */
export const heldPrinting = {
  print: (...said: unknown[]) => keepLibraryOutput(said.join(' ')),
  /** A kernel that cannot do its work leaves its result unset and only says so here: that is an error. */
  printErr: (...said: unknown[]) => {
    const text = said.join(' ');
    keepLibraryOutput(text);
    if (/ failed\.|not successful/.test(text)) throw new Error(`WebAssembly computed nothing: ${text}`);
  },
};

/** Have a module print so whose factory is called by the package itself: it takes the console's functions as they are then. */
export async function holdPrinting(load: () => Promise<void>): Promise<void> {
  const { log, warn } = console;
  Object.assign(console, { log: heldPrinting.print, warn: heldPrinting.printErr });
  try {
    await load();
  } finally {
    Object.assign(console, { log, warn });
  }
}
