/**
 * The handshakes as a state machine, computed from the shapes that the flights read: for each course of a handshake, what
 * each end awaits and where each message leads. `docs/states.md` is printed from it.
 *
 * @module
 */
import { nameOfComing } from "../grammar/message_kind.ts";
import type { Place, Shape } from "../grammar/places.ts";
import { HELLO_RETRY_REQUEST_RANDOM } from "../messages/mod.ts";
import { HandshakeType, type ProtocolVersion } from "../names/protocol.ts";
import type { Side } from "../names/side.ts";
import type { PublicKey } from "../ports/crypto.ts";
import type { Coming } from "../record/handshake_stream.ts";
import { plaintext } from "../record/protection/protection.ts";
import { exchanges, type KeyExchange } from "../tables/exchanges/mod.ts";
import {
  type ServerAuthentication,
  serverAuthentications,
} from "../tables/exchanges/server_authentication.ts";
import { type Suite, suites } from "../tables/suites.ts";
import { type Dialect, dialects, tls13, versions } from "../tables/versions/mod.ts";
import { concat, EMPTY } from "../wire/bytes.ts";
import type { Keys } from "./agreed/keys.ts";
import { answerShapes } from "./client.ts";
import { clientHelloShape } from "./server.ts";
import { type Course13, courses13, places13 } from "./tls13/states.ts";
import { serverFinishShape, serverFlightShape } from "./until12/client.ts";
import { clientFinishShape, clientFlightShape, clientProofShape } from "./until12/server.ts";

/** One course of a handshake: everything that decides the order of its messages. */
export interface Course {
  /** The protocol version. */
  readonly version: ProtocolVersion;
  /** The key exchange. */
  readonly exchange: Suite["exchange"];
  /** How the server authenticates. */
  readonly authentication: Suite["authentication"];
  /** Whether a session is resumed. */
  readonly resumed: boolean;
  /** Whether the server may staple an OCSP response (RFC 6066 §8). */
  readonly statusRequest: boolean;
  /** Whether the server gives a ticket (RFC 5077 §3.3). */
  readonly newSessionTicket: boolean;
  /** Whether the client is not asked for a certificate, has none, or shows one. */
  readonly clientCertificate: "not asked" | "none" | "shown";
}

/** Every course of a handshake. */
export const courses: ReadonlyArray<Course> = [...dialects.values()].flatMap((dialect) =>
  kindsOf(dialect).flatMap(({ exchange, authentication }) => {
    const { certified } = serverAuthentications[authentication];
    const of = { version: dialect.version, exchange, authentication };
    const tickets = dialect.honours.server("session_ticket") ? [false, true] : [false];
    return tickets.flatMap((newSessionTicket): ReadonlyArray<Course> => [
      ...(certified && dialect.honours.server("status_request") ? [false, true] : [false]).flatMap((
        statusRequest,
      ) =>
        (certified ? ["not asked", "none", "shown"] as const : ["not asked"] as const)
          .map((clientCertificate) => ({
            ...of,
            resumed: false,
            statusRequest,
            newSessionTicket,
            clientCertificate,
          }))
      ),
      { ...of, resumed: true, statusRequest: false, newSessionTicket, clientCertificate: "not asked" },
    ]);
  })
);

/** The pairs of key exchange and authentication that the suites of a version have. */
function kindsOf({ version }: Dialect): ReadonlyArray<Pick<Suite, "exchange" | "authentication">> {
  const all = [...suites.values()].filter(({ since }) => since <= version);
  return [...new Map(all.map((suite) => [`${suite.exchange} ${suite.authentication}`, suite])).values()];
}

/** A place of a flight at which a message is awaited. */
export interface Awaited {
  /** The name of the message. */
  readonly name: string;
  /** Whether a message may stand here. */
  readonly accepts: (coming: Coming) => boolean;
  /** Present if the message need not come. */
  readonly otherwise?: (() => unknown) | undefined;
}

const isAwaited = (place: Place<unknown>): place is Place<unknown> & Awaited =>
  place.accepts !== undefined && place.name !== undefined;

/** The places that one end awaits in a course, in order. Empty for a version that this library does not speak. */
export const placesOf = (role: Side, course: Course): ReadonlyArray<Awaited> => {
  // A course of an unknown version has no dialect, and so no places.
  const dialect = dialects.get(course.version);
  if (!dialect) return [];
  const exchange: KeyExchange = exchanges[course.exchange];
  const authentication: ServerAuthentication = serverAuthentications[course.authentication];
  const shapes = role === "client"
    ? clientShapes(course, dialect, exchange, authentication)
    : serverShapes(course, dialect, exchange);
  return shapes.flatMap((shape) => Object.values(shape)).filter(isAwaited);
};

/** Keys without a value: the order of messages does not depend on them. */
const keys: Keys = { master: EMPTY, keys: { client: plaintext, server: plaintext } };
const derivation = { verifyData: () => EMPTY };

const clientShapes = (
  { resumed, statusRequest, newSessionTicket }: Course,
  dialect: Dialect,
  exchange: KeyExchange,
  authentication: ServerAuthentication,
): ReadonlyArray<Shape> => {
  const terms = {
    dialect,
    vouching: authentication.vouching,
    random: { client: EMPTY, server: EMPTY },
    clientVersion: dialect.version,
    groups: [],
    schemes: [],
    minimumDhPrimeBits: 0,
  };
  return [
    answerShapes.until12,
    ...(resumed ? [] : [serverFlightShape({ dialect, exchange, authentication, terms, statusRequest })]),
    serverFinishShape({ derivation, newSessionTicket }, keys),
  ];
};

const serverShapes = (
  { resumed, clientCertificate }: Course,
  dialect: Dialect,
  exchange: KeyExchange,
): ReadonlyArray<Shape> => {
  const at = { dialect };
  const request = clientCertificate === "not asked"
    ? undefined
    : { types: [], schemes: undefined, authorities: [] };
  const key: PublicKey = { _tag: "ed25519", key: EMPTY };
  return [
    clientHelloShape,
    ...(resumed ? [] : [
      clientFlightShape({ at, request, offered: { premaster: exchange.clientKeyExchange(dialect) } }),
      clientProofShape({ at, peerKey: clientCertificate === "shown" ? key : undefined }),
    ]),
    clientFinishShape({ derivation }, keys),
  ];
};

/** The places that one end awaits in a course of TLS 1.3, in order. */
export const placesOf13 = (role: Side, course: Course13): ReadonlyArray<Awaited> =>
  places13(role, course).filter(isAwaited);

/** A handshake message of a type, without content. */
export const comingOf = (type: HandshakeType): Coming => ({
  _tag: "Handshake",
  type,
  raw: EMPTY,
  body: EMPTY,
});

/** A HelloRetryRequest, with no content but what tells it from a ServerHello. */
const helloRetryRequest: Coming = {
  _tag: "Handshake",
  type: HandshakeType.server_hello,
  raw: EMPTY,
  body: concat(new Uint8Array(2), HELLO_RETRY_REQUEST_RANDOM),
};

/** Everything that can come in a handshake, without content. */
export const comings: ReadonlyArray<Coming> = [
  helloRetryRequest,
  ...Object.values(HandshakeType.members).map((type) => comingOf(HandshakeType.of(type))),
  { _tag: "ChangeCipherSpec" },
  { _tag: "NoCertificate" },
];

/** How many places are done after a message, if `at` were done before it; `undefined` if the message is out of place. */
export const next = (
  places: ReadonlyArray<Awaited>,
  at: number,
  coming: Coming,
): number | undefined => {
  for (let i = at; i < places.length; i++) {
    const place = places[i]!;
    if (place.accepts(coming)) return i + 1;
    if (!place.otherwise) return undefined;
  }
  return undefined;
};

/** The name of the state in which `at` places are behind: what is awaited. */
export const stateAt = (places: ReadonlyArray<Awaited>, at: number): string => {
  if (at === places.length) return ESTABLISHED;
  const names: Array<string> = [];
  for (let i = at; i < places.length; i++) {
    names.push(places[i]!.name);
    if (!places[i]!.otherwise) break;
  }
  return `awaits ${names.join(" or ")}`;
};

/** The name of the state after a handshake. */
export const ESTABLISHED = "established";

/** One row of the table of states: a state, a message, and the state that it leads to. */
export interface Transition {
  /** The end whose state it is. */
  readonly role: Side;
  /** The state before the message. */
  readonly state: string;
  /** The message that comes, by its registered name. */
  readonly message: string;
  /** The state after the message. */
  readonly next: string;
  /** The versions that have this transition. */
  readonly versions: ReadonlyArray<ProtocolVersion>;
}

/** Every course of every version, as the places of one end. */
const allCourses = (
  role: Side,
): ReadonlyArray<{ readonly version: ProtocolVersion; readonly places: ReadonlyArray<Awaited> }> => [
  ...courses13.map((course) => ({ version: tls13.version, places: placesOf13(role, course) })),
  ...courses.map((course) => ({ version: course.version, places: placesOf(role, course) })),
];

/** The table of states, over every course. A message that has no row in a state is an unexpected_message. */
export const transitions = (): ReadonlyArray<Transition> => {
  const rows = new Map<string, Transition & { readonly versions: Array<ProtocolVersion> }>();
  const add = (role: Side, state: string, message: string, to: string, version: ProtocolVersion): void => {
    const key = [role, state, message, to].join("|");
    const row = rows.get(key) ?? { role, state, message, next: to, versions: [] };
    if (!row.versions.includes(version)) row.versions.push(version);
    rows.set(key, row);
  };
  for (const role of ["client", "server"] as const) {
    for (const { version, places } of allCourses(role)) {
      for (let at = 0; at < places.length; at++) {
        for (const coming of comings) {
          const to = next(places, at, coming);
          if (to !== undefined) {
            add(role, stateAt(places, at), nameOfComing(coming), stateAt(places, to), version);
          }
        }
      }
      const { afterHandshake, era } = versions.get(version)!;
      for (const type of afterHandshake[role]) {
        const coming = comingOf(type);
        // A new handshake: for a client it begins anew, for a server its first message has come (RFC 5246 §7.4.1). In TLS 1.3
        // what comes begins none.
        const to = era === "tls13" ? places.length : next(places, 0, coming) ?? 0;
        add(role, ESTABLISHED, nameOfComing(coming), stateAt(places, to), version);
      }
    }
  }
  return [...rows.values()];
};
