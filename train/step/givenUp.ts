/** An update that is not brought to its end: the next process makes it again, the same. */
export class GivenUp extends Error {}
