/**
 * One line on standard error that shows how far a phase is: rewritten in place on a terminal, elsewhere printed when
 * the phase begins, every 30 seconds and when it ends. Standard output stays free for what the command itself prints.
 * @param what  the phase, such as `installing the Node modules`
 */
export function startPhase(what, { stream = process.stderr, everyMs = stream.isTTY ? 200 : 30_000 } = {}) {
  const begun = Date.now();
  let detail = '';
  const width = (stream.columns || 80) - 1; // a line that wraps could not be rewritten
  const line = () => `setup: ${what}${detail && `, ${detail}`}, ${Math.round((Date.now() - begun) / 1000)} s`;
  const show = () => stream.write(stream.isTTY ? `\r\x1b[2K${line().slice(0, width)}` : `${line()}\n`);
  stream.write(stream.isTTY ? line().slice(0, width) : `setup: ${what}\n`);
  const timer = setInterval(show, everyMs);
  return {
    /** @param text  how much is done, such as `120 of 274 MB` */
    update(text) {
      detail = text;
    },
    end(outcome) {
      clearInterval(timer);
      detail = outcome;
      show();
      if (stream.isTTY) stream.write('\n');
    },
  };
}

/** Print one line of setup's on standard error. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

export const megabytes = (bytes) => Math.round(bytes / 1e6);
