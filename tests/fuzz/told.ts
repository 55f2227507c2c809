/** Which ends an engine may come to. @module */
import { assert, Cause, Exit } from "../deps.ts";
import { explain, render } from "../../src/faults/explain.ts";
import type { TlsError } from "../../src/faults/tls_error.ts";
import type { Verdict } from "./target.ts";

/** Each error of the union, by its tag; one that is missing here does not compile. */
const union: Readonly<Record<TlsError["_tag"], true>> = {
  BadRecordMac: true,
  CertificateDecompressionFailure: true,
  CertificateError: true,
  Closed: true,
  DecodeError: true,
  DecompressionFailure: true,
  DecryptError: true,
  EncodeError: true,
  HandshakeTimeout: true,
  InvalidOption: true,
  IllegalParameter: true,
  LimitExceeded: true,
  NotTls: true,
  PeerAlert: true,
  PrivateKeyError: true,
  RecordOverflow: true,
  RecordVersion: true,
  Refused: true,
  RenegotiationRefused: true,
  TransportError: true,
  Truncated: true,
  UnexpectedMessage: true,
  UnsupportedExtension: true,
};

/** More than any error has to say. */
const MAX_WORDS = 100_000;

/** A success, or an error of the union that can be told people; anything else is thrown. */
export const told = (exit: Exit.Exit<unknown, TlsError>): Verdict => {
  if (Exit.isSuccess(exit)) return "accepted";
  const failure = Cause.failureOption(exit.cause);
  assert.ok(failure._tag === "Some" && !Cause.isDie(exit.cause), Cause.pretty(exit.cause));
  const { value } = failure;
  assert.ok(Object.hasOwn(union, value._tag), `${value._tag} is no error of the union`);
  assert.ok(render(explain(value)).length < MAX_WORDS);
  return "refused";
};
