/** Another process of the same run has failed, so that this one cannot go on: the message says which, and why. */
export class PeerFailure extends Error {}

/** Exit code of a process that ends because another one failed, which tells more. As `EX_TEMPFAIL` of sysexits.h: run again. */
export const peerFailureCode = 75;
