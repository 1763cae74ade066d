import type { DownloadScreen } from '../../../configs/cli/download.js';

/** Collects what a download says instead of printing it. */
export function quietScreen(): DownloadScreen & { lines: string[]; bars: { total: number; present: number }[] } {
  const lines: string[] = [];
  const bars: { total: number; present: number }[] = [];
  return {
    lines,
    bars,
    say: (line) => void lines.push(line),
    bar(total, present) {
      bars.push({ total, present });
      return { update: () => {}, stop: () => {} };
    },
  };
}
