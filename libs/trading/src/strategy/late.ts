/**
 * What an input changes of an actor itself (its time, the last price of an instrument) is written when somebody looks, and at
 * the end: mostly nobody does, and the next input overwrites it. Whoever calls the author's code for one input after the
 * other says here how it is written.
 */
export type Late = { write(): void }
export const late: { by: Late | undefined } = { by: undefined }
