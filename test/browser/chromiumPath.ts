import { existsSync } from 'node:fs';

/** The browser of this machine, if it has one where packages put it. */
export const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);
