/**
 * The server's handshake before TLS 1.3, up to its hello (RFC 5246 §7.4.1): what the client asks for, whether it can have
 * it, which session it may resume, and the ServerHello.
 *
 * @module
 */
import { Clock, Effect, Option } from "../../deps.ts";
import { send } from "../../grammar/send.ts";
import {
  type ClientHello,
  findExtension,
  HelloRequest,
  ServerHello,
  type ServerHelloExtension,
} from "../../messages/mod.ts";
import { ECPointFormat } from "../../names/protocol.ts";
import { type Credential, Credentials } from "../../ports/credentials.ts";
import { Crypto } from "../../ports/crypto.ts";
import { partitionHash } from "../../ports/partition.ts";
import type { Session } from "../../ports/sessions.ts";
import { SessionTickets, type SessionTicketsService } from "../../ports/tickets.ts";
import { CertificateVerifier } from "../../ports/trust.ts";
import { Handshakes } from "../../record/handshake_stream.ts";
import type { Policy } from "../../tables/policy.ts";
import { downgradeSentinel } from "../../tables/versions/downgrade.ts";
import { type Dialect, highest, spoken } from "../../tables/versions/mod.ts";
import { EMPTY, toHex, utf8 } from "../../wire/bytes.ts";
import { make } from "../../wire/codec.ts";
import { type Agreed, settle } from "../agreed/agreed.ts";
import type { Again } from "../agreed/established.ts";
import { keepsPromises, mayResume, serverInfo } from "../agreed/renegotiation.ts";
import { ourLimit } from "../base/fragments.ts";
import type { ServerSettings } from "../base/server_settings.ts";
import type { Steps } from "../base/services.ts";
import { type Wish, wishOf } from "../hellos/wish.ts";
import { fromStore } from "../sessions/made.ts";
import { resumable, resumesAtAll, type Standing } from "../sessions/session_rules.ts";
import { type Choice, chooseSuite } from "./server_choice.ts";

/** A ClientHello that is accepted, and what the server makes of it. */
export type Heard =
  & { readonly settings: ServerSettings; readonly wish: Wish }
  & (
    | { readonly _tag: "Full"; readonly choice: Choice }
    | {
      readonly _tag: "Resumed";
      readonly session: Session;
      readonly suite: Choice["suite"];
      /** Whether the session came in a ticket, and not by its ID. */
      readonly byTicket: boolean;
    }
  )
  /** The tickets that this client is given; `undefined` if it gets none. */
  & { readonly tickets: SessionTicketsService | undefined };

// ---- before flight 1, in a renegotiation -> ----

/** Asks the client for a new ClientHello (RFC 5246 §7.4.1.1). */
export const helloRequest = send(make(HelloRequest, undefined));

// ---- flight 1 <- ----

/** Decides about a ClientHello: a full handshake, a resumption, or a refusal. */
export const decided = Effect.fnUntraced(
  function* (
    settings: ServerSettings,
    hello: ClientHello,
    dialect: Dialect,
    again: Again | undefined,
  ): Steps<Heard> {
    const { policy } = settings;
    const wish = yield* wishOf(settings, hello, dialect, again?.previous);
    const bound = wish.extendedMasterSecret || policy.resumeWithoutExtendedMasterSecret;
    const known = policy.sessionTickets && wish.ticket !== undefined ? yield* SessionTickets : undefined;
    // A ticket that is shown is opened in any case: its content may be the sign of an attack.
    const tickets = bound && resumesAtAll(policy) ? known : undefined;
    const heard = { settings, wish, tickets };
    const candidates = yield* (yield* Credentials).candidates({
      role: "server",
      serverName: wish.serverName,
      schemes: findExtension(wish.extensions, "signature_algorithms")?.supportedSignatureAlgorithms,
    });
    const kept = mayResume(again, policy) ? yield* shown(wish, known) : Option.none();
    if (Option.isSome(kept)) {
      const { session, byTicket, renew } = kept.value;
      const suite = yield* resumable(settings, wish, session, yield* standing(policy, candidates));
      if (suite) {
        yield* keepsPromises(wish.previous, promised(wish, suite));
        return { ...heard, _tag: "Resumed", session, suite, byTicket, tickets: renew ? tickets : undefined };
      }
    }
    const choice = yield* chooseSuite(settings, wish, candidates);
    yield* keepsPromises(wish.previous, promised(wish, choice.suite));
    return { ...heard, _tag: "Full", choice };
  },
);

const standing = Effect.fnUntraced(
  function* (policy: Policy, own: ReadonlyArray<Credential>): Steps<Standing> {
    const crypto = yield* Crypto;
    const partition = partitionHash(crypto, yield* CertificateVerifier);
    return { policy, partition, own, crypto, now: (yield* Clock.currentTimeMillis) / 1000 };
  },
);

/** What the ServerHello will say of the properties that a renegotiation may not lose. */
const promised = ({ extendedMasterSecret, encryptThenMac }: Wish, suite: Choice["suite"]) => ({
  extendedMasterSecret,
  encryptThenMac: encryptThenMac && suite.cipher._tag === "cbc",
  suite,
});

/** The session that the client wants to resume. If it shows a ticket, its session ID is ignored (RFC 5077 §3.4). */
const shown = Effect.fnUntraced(
  function* ({ hello, ticket = EMPTY }: Wish, tickets: SessionTicketsService | undefined) {
    if (tickets && ticket.length > 0) {
      return Option.map(yield* tickets.open(ticket), (opened) => ({ ...opened, byTicket: true }));
    }
    if (hello.sessionId.length === 0) return Option.none();
    const kept = yield* fromStore((store) => store.get(toHex(hello.sessionId)), Option.none<Session>());
    return Option.map(kept, (session) => ({ session, renew: true, byTicket: false }));
  },
);

// ---- flight 2 -> ----

/** Sends ServerHello, and settles what follows from both hellos. */
export const serverHello = Effect.fnUntraced(
  function* (
    { settings: { policy }, wish }: Heard,
    { suite, schemes }: Pick<Choice, "suite" | "schemes">,
    { sessionId, compressionMethod }: Pick<ServerHello, "sessionId" | "compressionMethod">,
    answer: ReadonlyArray<ServerHelloExtension>,
  ): Steps<Agreed> {
    const crypto = yield* Crypto;
    const partition = partitionHash(crypto, yield* CertificateVerifier);
    const handshakes = yield* Handshakes;
    const { previous, hello, dialect, serverName, alpn, secureRenegotiation, groups } = wish;
    const random = crypto.random(32);
    const sentinel = downgradeSentinel(dialect.version, highest(spoken(policy)));
    if (sentinel) random.set(sentinel, random.length - sentinel.length);
    const server = make(ServerHello, {
      serverVersion: dialect.version,
      random,
      sessionId,
      cipherSuite: suite.id,
      compressionMethod,
      // No extension block if there are none, because the oldest clients cannot read an empty one.
      extensions: answer.length > 0 ? answer : undefined,
    });
    handshakes.agree(dialect, wish.fragments);
    yield* send(server);
    return settle({
      previous,
      hello,
      server,
      dialect,
      suite,
      crypto,
      serverName,
      alpn,
      partition,
      secureRenegotiation,
      fragments: wish.fragments,
      groups,
      schemes,
      minimumDhPrimeBits: policy.minimumDhPrimeBits,
    });
  },
);

/** The extensions of any ServerHello, each only if the client asked for it (RFC 5246 §7.4.1.4). */
export const answers = (
  { settings: { policy }, wish, tickets }: Heard,
  suite: Choice["suite"],
): ReadonlyArray<ServerHelloExtension> => {
  const asked = new Set(wish.extensions.map((e) => e._tag));
  return [
    // The SCSV asks for it as well (RFC 5746 §3.6).
    ...(wish.secureRenegotiation
      ? [{ _tag: "renegotiation_info", renegotiatedConnection: serverInfo(wish.previous) } as const]
      : []),
    ...(tickets ? [{ _tag: "session_ticket" } as const] : []),
    ...(asked.has("ec_point_formats") && suite.exchange === "ecdhe"
      ? [{ _tag: "ec_point_formats", ecPointFormatList: [ECPointFormat.uncompressed] } as const]
      : []),
    ...(wish.extendedMasterSecret ? [{ _tag: "extended_master_secret" } as const] : []),
    ...(wish.encryptThenMac && suite.cipher._tag === "cbc" ? [{ _tag: "encrypt_then_mac" } as const] : []),
    ...(wish.maxFragmentLength === undefined
      ? []
      : [{ _tag: "max_fragment_length", maxFragmentLength: wish.maxFragmentLength } as const]),
    ...(wish.recordSizeLimit
      ? [{ _tag: "record_size_limit", recordSizeLimit: ourLimit(policy, "until12") } as const]
      : []),
    ...(wish.alpn === undefined || !asked.has("application_layer_protocol_negotiation") ? [] : [
      {
        _tag: "application_layer_protocol_negotiation",
        protocolNameList: [utf8(wish.alpn)],
      } as const,
    ]),
  ];
};

/** The extensions of a ServerHello that only a full handshake has, about the certificate. */
export const fullAnswers = (
  wish: Wish,
  credential: Choice["credential"],
): ReadonlyArray<ServerHelloExtension> => {
  const asked = new Set(wish.extensions.map((e) => e._tag));
  const sctList = credential?.signedCertificateTimestamps ?? [];
  return [
    // Not in a resumption (RFC 6066 §3).
    ...(wish.serverName !== undefined && asked.has("server_name") ? [{ _tag: "server_name" } as const] : []),
    ...(credential?.ocspResponse && asked.has("status_request") ? [{ _tag: "status_request" } as const] : []),
    ...(sctList.length > 0 && asked.has("signed_certificate_timestamp")
      ? [{ _tag: "signed_certificate_timestamp", sctList } as const]
      : []),
  ];
};
