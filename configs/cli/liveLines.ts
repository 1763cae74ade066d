import { clearScreenDown, moveCursor } from 'node:readline';

/** Lines at the bottom of the screen that change in place, below what is said for good. */
export interface LiveLines {
  /** Show these in the place of those before. */
  show(lines: readonly string[]): void;
  /** A line that stays, above them. */
  say(line: string): void;
  /** Leave the last ones as they are. */
  stop(): void;
}

/** On the terminal of standard error. Lines are cut at its width: a wrapped one would count as two. */
export function liveLines(screen: NodeJS.WriteStream = process.stderr): LiveLines {
  let shown: readonly string[] = [];
  const clear = () => {
    if (shown.length > 0) moveCursor(screen, -screen.columns, -shown.length);
    clearScreenDown(screen);
  };
  const draw = () => shown.forEach((line) => screen.write(`${line.slice(0, (screen.columns || 80) - 1)}\n`));
  return {
    show(lines) {
      clear();
      shown = lines.slice(-((screen.rows || 24) - 1));
      draw();
    },
    say(line) {
      clear();
      screen.write(`${line}\n`);
      draw();
    },
    stop: () => void (shown = []),
  };
}
