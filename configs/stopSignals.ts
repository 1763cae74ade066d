/**
 * The signals that ask a command to end: Ctrl-C, a request by another process, and a terminal that was closed or an ssh
 * connection that broke. All of them let it save first.
 */
export const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export const isStopSignal = (signal: NodeJS.Signals | null): boolean => stopSignals.some((name) => name === signal);
