/** How the server of a cipher suite authenticates, as values that are looked up once. @module */
import { Option } from "../../deps.ts";
import { Refused } from "../../faults/errors/connection.ts";
import { absent, maybe, one, type Place, refused } from "../../grammar/places.ts";
import type { FlightItem } from "../../grammar/send.ts";
import { Certificate } from "../../messages/mod.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { make } from "../../wire/codec.ts";
import type { Suite } from "../suites.ts";
import type { CertificateWish, Dialect } from "../versions/mod.ts";
import { signed, unsigned, type Vouching } from "./mod.ts";

/** How a server authenticates. */
export interface ServerAuthentication {
  /** Whether the server has a certificate, and may ask for one (RFC 5246 §7.4.4). */
  readonly certified: boolean;
  /** The place of the server's certificate chain, leaf first; its value is `undefined` if the server shows none. */
  readonly certificate: Place<ReadonlyArray<Bytes> | undefined>;
  /** The messages that show a certificate chain. */
  readonly show: (chain: ReadonlyArray<Bytes>) => ReadonlyArray<FlightItem>;
  /** The place of a CertificateRequest. */
  readonly request: (dialect: Dialect) => Place<Option.Option<CertificateWish>>;
  /** How the server vouches for the parameters of a key exchange. */
  readonly vouching: Vouching;
}

const certified: ServerAuthentication = {
  certified: true,
  certificate: one(Certificate).map(({ certificateList }) => certificateList),
  show: (certificateList) => [make(Certificate, { certificateList })],
  request: (dialect) => maybe(dialect.certificateRequest.place),
  vouching: signed,
};

const anonymous: ServerAuthentication = {
  certified: false,
  certificate: absent,
  show: () => [],
  request: (dialect) =>
    refused(dialect.certificateRequest.place, () =>
      new Refused({
        reason: "anonymous_server_asks",
        detail: "a server that shows no certificate asks for ours",
      })).map(() => Option.none()),
  vouching: unsigned,
};

/** The authentications, by the name in a suite's row. */
export const serverAuthentications = {
  rsa: certified,
  ecdsa: certified,
  anonymous,
} satisfies Record<Suite["authentication"], ServerAuthentication>;
