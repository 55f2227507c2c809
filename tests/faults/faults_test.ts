/** The table of faults: the lowest level that raises each error, and what becomes of an error that is none of its own. @module */
import { assert } from "../deps.ts";
import { Errors } from "../../mod.ts";
import { isRecordError, type RecordError, type WireError } from "../../src/faults/faults.ts";
import type { TlsError } from "../../src/faults/tls_error.ts";
import * as tlsErrors from "../../src/faults/tls_errors.ts";

/** What records throw, and what the wire fails with besides. All else is raised by the flights and above. */
const fromRecords = [
  "BadRecordMac",
  "DecodeError",
  "DecompressionFailure",
  "IllegalParameter",
  "LimitExceeded",
  "NotTls",
  "RecordOverflow",
  "RecordVersion",
  "UnexpectedMessage",
] as const;
const fromWire = ["Closed", "PeerAlert", "TransportError", "Truncated"] as const;

type Same<A, B> = [A] extends [B] ? [B] extends [A] ? true : never : never;
const _records: Same<RecordError["_tag"], typeof fromRecords[number]> = true;
const _wire: Same<WireError["_tag"], typeof fromRecords[number] | typeof fromWire[number]> = true;

Deno.test("records throw just these errors; any other that is thrown there is a bug of this library", () => {
  const thrown = Object.entries(tlsErrors).filter(([_, Class]) =>
    isRecordError(Object.create(Class.prototype, { _tag: { value: Class.name } }))
  );
  assert.deepEqual(thrown.map(([name]) => name).toSorted(), fromRecords);
});

/** Errors of somebody else's, as a user's own verifier or store can fail with, whatever its type says. */
const foreign: Readonly<Record<string, unknown>> = {
  "an error with a tag of its own": Object.assign(new Error("no"), { _tag: "MyTrustError" }),
  "an error whose tag is a member of every object": Object.assign(new Error("no"), { _tag: "toString" }),
  "an error without a tag": new Error("no"),
  "a text": "no",
};

for (const [what, error] of Object.entries(foreign)) {
  Deno.test(`${what} is this end's own fault: internal_error, fatal, and no hint`, () => {
    const e = error as TlsError;
    assert.equal(Errors.alertOf(e), "internal_error");
    assert.equal(Errors.familyOf(e), "local");
    assert.equal(Errors.rfcOf(e), undefined);
    assert.equal(Errors.isFatal(e), true);
    assert.equal(Errors.explain(e).hint, undefined);
  });
}

Deno.test("a verifier's alert that is no registered name, or reports no refusal, gives way to that of its reason", () => {
  const alertOf = (alert: string) =>
    Errors.alertOf(
      new Errors.CertificateError({
        reason: "expired",
        index: 0,
        subject: "",
        detail: "",
        rfc: "",
        alert: alert as never,
      }),
    );
  assert.equal(alertOf("access_denied"), "access_denied");
  for (const alert of ["toString", "no_such_alert", "close_notify"]) {
    assert.equal(alertOf(alert), "certificate_expired");
  }
});
