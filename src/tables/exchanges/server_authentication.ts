/** How a suite has its server show who it is, as values that are looked up once. @module */
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

/** How a server shows who it is. */
export interface ServerAuthentication {
  /** Whether it has a certificate, and may ask for one (RFC 5246 §7.4.4). */
  readonly certified: boolean;
  /** The place of its chain, leaf first; `undefined` where none is shown. */
  readonly certificate: Place<ReadonlyArray<Bytes> | undefined>;
  /** The same as it is said. */
  readonly show: (chain: ReadonlyArray<Bytes>) => ReadonlyArray<FlightItem>;
  /** The place of its wish for a certificate. */
  readonly request: (dialect: Dialect) => Place<Option.Option<CertificateWish>>;
  /** What stands behind the parameters of an exchange. */
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

/** By the name that a suite's row gives. */
export const serverAuthentications = {
  rsa: certified,
  ecdsa: certified,
  anonymous,
} satisfies Record<Suite["authentication"], ServerAuthentication>;
