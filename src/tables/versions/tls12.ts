/** TLS 1.2 (RFC 5246). @module */
import { Either } from "../../deps.ts";
import { prf12 } from "../../crypto/prf.ts";
import { IllegalParameter } from "../../faults/errors/connection.ts";
import { form } from "../../grammar/form.ts";
import { one } from "../../grammar/places.ts";
import {
  CertificateRequest,
  CertificateVerify,
  ServerKeyExchangeDHE,
  ServerKeyExchangeECDHE,
} from "../../messages/mod.ts";
import { ProtocolVersion } from "../../names/protocol.ts";
import { SignatureScheme } from "../../names/signature_scheme.ts";
import type { CryptoService, PublicKey } from "../../ports/crypto.ts";
import { rulesUntil12 } from "../../record/phase.ts";
import type { RecordForm } from "../../record/protection/cipher.ts";
import { hmacForm } from "../../record/protection/mac.ts";
import { make } from "../../wire/codec.ts";
import { authenticationOf } from "../key_kinds.ts";
import type { Suite } from "../suites.ts";
import type { Dialect, Signed, Signing } from "./dialect.ts";
import { isUntil12 } from "./extensions.ts";
import { deriveTls, type Hashing, tlsCommon } from "./tls.ts";

/** Signatures name their scheme, which must be among those offered and fit the key. */
const schemeOf: Signing["schemeOf"] = ({ _tag, algorithm }: Signed, key, offered) => {
  // Every form of TLS 1.2 has the algorithm.
  const scheme = algorithm ?? SignatureScheme.of(0);
  const reason = !offered.includes(scheme)
    ? "was not offered"
    : !authenticationOf(key).makes(scheme, key)
    ? `is not for a key of ${key._tag}`
    : undefined;
  return reason === undefined ? Either.right(scheme) : Either.left(
    new IllegalParameter({
      subject: _tag,
      field: "algorithm",
      reason: `${SignatureScheme.nameOf(scheme)} ${reason}`,
      rfc: "RFC 5246 §7.4.3",
    }),
  );
};

const signing: Signing = {
  serverKeyExchange: { ecdhe: form(ServerKeyExchangeECDHE), dhe: form(ServerKeyExchangeDHE) },
  certificateVerify: form(CertificateVerify),
  nameCurves: false,
  schemesOf: (key: PublicKey, common) => common.filter((scheme) => authenticationOf(key).makes(scheme, key)),
  schemeOf,
  content: (_, data) => data,
  proof: (_, transcript) => transcript.bytes,
  members: (algorithm, signature) => ({ algorithm, signature }),
  trailer: ({ signature }) => 4 + signature.length,
};

/** The hashing: by the suite's own hash (RFC 5246 §5). */
const hashing = (suite: Suite, crypto: CryptoService): Hashing => {
  const hash = crypto.hash(suite.hash);
  return { prf: prf12(hash), digest: (transcript) => transcript.digest(hash) };
};

const records: RecordForm = {
  version: ProtocolVersion.TLS_1_2,
  mac: hmacForm,
  iv: "explicit",
  padding: "tls",
};

/** TLS 1.2. */
export const tls12: Dialect = {
  ...tlsCommon,
  version: ProtocolVersion.TLS_1_2,
  records: rulesUntil12(ProtocolVersion.TLS_1_2),
  says: isUntil12,
  honours: { client: isUntil12, server: isUntil12 },
  derive: deriveTls(records, hashing),
  signing,
  defaultSchemes: [SignatureScheme.rsa_pkcs1_sha1, SignatureScheme.ecdsa_sha1],
  certificateRequest: {
    place: one(CertificateRequest).map((request) => ({
      types: request.certificateTypes,
      schemes: request.supportedSignatureAlgorithms,
      authorities: request.certificateAuthorities,
    })),
    make: ({ types, schemes = [], authorities }) =>
      make(CertificateRequest, {
        certificateTypes: types,
        supportedSignatureAlgorithms: schemes,
        certificateAuthorities: authorities,
      }),
  },
  survivesTruncation: true,
};
