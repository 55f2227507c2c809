/** TLS 1.0 (RFC 2246) and TLS 1.1 (RFC 4346), which differ in the IVs of records. @module */
import { prf10 } from "../../crypto/prf.ts";
import { ProtocolVersion } from "../../names/protocol.ts";
import type { CryptoService } from "../../ports/crypto.ts";
import { rulesUntil12 } from "../../record/phase.ts";
import type { RecordForm } from "../../record/protection/cipher.ts";
import { hmacForm } from "../../record/protection/mac.ts";
import { concat } from "../../wire/bytes.ts";
import type { Suite } from "../suites.ts";
import type { Dialect } from "./dialect.ts";
import { isUntil12 } from "./extensions.ts";
import { certificateRequestBefore12, signingBefore12 } from "./signing_before12.ts";
import { deriveTls, type Hashing, tlsCommon } from "./tls.ts";

/** The hashing: MD5 and SHA-1 together, whatever the suite (RFC 2246 §5, §7.4.9). */
const hashing = (_: Suite, crypto: CryptoService): Hashing => {
  const [md5, sha1] = [crypto.hash("md5"), crypto.hash("sha1")];
  return {
    prf: prf10(md5, sha1),
    digest: (transcript) => concat(transcript.digest(md5), transcript.digest(sha1)),
  };
};

const isOfBefore12 = (extension: string): boolean =>
  isUntil12(extension) && !/^signature_algorithms(_cert)?$/.test(extension);

const dialect = (records: RecordForm, survivesTruncation: boolean): Dialect => ({
  ...tlsCommon,
  version: records.version,
  records: rulesUntil12(records.version),
  // A client that does not offer TLS 1.2 must not send signature_algorithms (RFC 5246 §7.4.1.4.1).
  says: isOfBefore12,
  honours: { client: isOfBefore12, server: isOfBefore12 },
  derive: deriveTls(records, hashing),
  signing: signingBefore12(
    (transcript, _, crypto) =>
      concat(transcript.digest(crypto.hash("md5")), transcript.digest(crypto.hash("sha1"))),
    (transcript) => transcript.bytes,
  ),
  defaultSchemes: [],
  certificateRequest: certificateRequestBefore12,
  survivesTruncation,
});

/** TLS 1.0. */
export const tls10: Dialect = dialect(
  { version: ProtocolVersion.TLS_1_0, mac: hmacForm, iv: "chained", padding: "tls" },
  false, // RFC 2246 §7.2.1
);

/** TLS 1.1. */
export const tls11: Dialect = dialect(
  { version: ProtocolVersion.TLS_1_1, mac: hmacForm, iv: "explicit", padding: "tls" },
  true, // RFC 4346 §7.2.1
);
