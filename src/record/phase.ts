/** The phases of a connection's records: what may come under a key, whatever the flights allow. @module */

/** What may come under one key of the peer's. */
export interface Phase {
  /** Whether application data may come. */
  readonly applicationData: boolean;
  /** Whether Finished must be the first message, and end its record (RFC 5246 §7.1, §7.4.9). */
  readonly finishedFirst: boolean;
  /** Whether an alert may come in a record of another version: the peer may have given up before one was agreed on. */
  readonly alertsOfAnyVersion: boolean;
}

/** The phases up to TLS 1.2: before any keys, and after a ChangeCipherSpec. */
export const phases: { readonly initial: Phase; readonly changed: Phase } = {
  initial: { applicationData: false, finishedFirst: false, alertsOfAnyVersion: true },
  changed: { applicationData: true, finishedFirst: true, alertsOfAnyVersion: false },
};
