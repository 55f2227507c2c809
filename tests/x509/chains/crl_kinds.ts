/** CRLs of every kind, to be changed and cut. @module */
import type { Bytes } from "../../../src/wire/bytes.ts";
import type { Issued } from "../../support/ca.ts";
import { makeCrl, scope } from "../../support/crl.ts";
import { unknownExtension } from "./base.ts";

/** A CRL for each way that one can be written. */
export const crlKinds = (issuer: Issued, leaf: Issued): ReadonlyArray<Bytes> => [
  makeCrl(issuer),
  makeCrl(issuer, { version1: true, nextUpdate: null, revoked: [{ certificate: leaf }] }),
  makeCrl(issuer, {
    number: 300,
    deltaTo: 299,
    revoked: [
      { serialNumber: Uint8Array.of(5), reason: 6, extensions: [unknownExtension(true)] },
      { certificate: leaf, issuer: leaf.subject, reason: 8 },
      { serialNumber: Uint8Array.of(1, 2, 3), date: Date.UTC(2051, 0) / 1000 },
    ],
    scope: scope({
      names: ["http://crl.example/", issuer.subject],
      only: "user",
      reasons: [1, 8],
      indirect: true,
    }),
    extensions: [unknownExtension(false)],
  }),
  makeCrl(issuer, { scope: scope({ relative: "part 1", only: "ca" }) }),
];
