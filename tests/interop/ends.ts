/** Our own ends, in this process and over TCP, for the cells of the matrices. @module */
import { assert, Cause, Effect, Exit, Fiber, Layer, Queue, type Scope } from "../deps.ts";
import {
  CertificateVerifier,
  Client,
  type Connection,
  Credentials,
  Crypto,
  type Errors,
  Names,
  Policy,
  Server,
  SessionStore,
  Transport,
} from "../../mod.ts";
import * as Golden from "../golden/certificates.ts";
import type { Peer } from "./peers.ts";
import { bytesOf, textOf } from "../support/text.ts";

const { CipherSuite: S, NamedGroup: G } = Names;

/** Every suite by OpenSSL's name. */
export const suites: Readonly<Record<string, Names.CipherSuite>> = {
  "ECDHE-RSA-AES128-GCM-SHA256": S.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
  "ECDHE-RSA-AES256-GCM-SHA384": S.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
  "ECDHE-RSA-CHACHA20-POLY1305": S.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
  "ECDHE-ECDSA-AES128-GCM-SHA256": S.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
  "ECDHE-ECDSA-AES256-GCM-SHA384": S.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
  "ECDHE-ECDSA-CHACHA20-POLY1305": S.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
  "AES128-GCM-SHA256": S.TLS_RSA_WITH_AES_128_GCM_SHA256,
  "AES256-GCM-SHA384": S.TLS_RSA_WITH_AES_256_GCM_SHA384,
};
/** Every group by OpenSSL's name. */
export const groups: Readonly<Record<string, Names.NamedGroup>> = {
  "X25519": G.x25519,
  "P-256": G.secp256r1,
  "P-384": G.secp384r1,
  "P-521": G.secp521r1,
};

/** A cell of the matrix; without a group for RSA key transport. */
export interface Cell {
  readonly suite: string;
  readonly kind: Golden.Kind;
  readonly group: string | undefined;
}

/** Every cell that the RFCs define. */
export const cells: ReadonlyArray<Cell> = Object.keys(suites).flatMap((suite) => {
  const kinds: ReadonlyArray<Golden.Kind> = suite.startsWith("ECDHE-ECDSA")
    ? ["p256", "p384", "p521", "ed25519"]
    : suite.startsWith("ECDHE-RSA")
    ? ["rsa", "rsa_pss"]
    : ["rsa"];
  const names = suite.startsWith("ECDHE") ? Object.keys(groups) : [undefined];
  return kinds.flatMap((kind) => names.map((group) => ({ suite, kind, group })));
});

/** A policy of one suite, and of one group for the exchange; the rest are for certificates. */
export const policyOf = ({ suite, group }: Cell): Policy.Policy => ({
  ...Policy.compatible,
  cipherSuites: [suites[suite]!],
  groups: group === undefined
    ? Policy.compatible.groups
    : [groups[group]!, ...Policy.compatible.groups.filter((g) => g !== groups[group])],
});

/** Answers each line reversed. */
export const reverse = (connection: Connection): Effect.Effect<void, Errors.TlsError> =>
  Effect.gen(function* () {
    let text = "";
    for (let data = yield* connection.read; data; data = yield* connection.read) {
      text += textOf(data);
      for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n")) {
        const line = [...text.slice(0, at)].reverse().join("");
        text = text.slice(at + 1);
        yield* connection.write(bytesOf(`${line}\n`));
      }
    }
  });

/** What every end has: TCP, and the platform's cryptography. */
export const base = Layer.mergeAll(Transport.layerTcp, Crypto.layerNative);

/** What a server shows: a certificate that never changes, or any other. */
export type Shown = Golden.Kind | Credentials.PemPair;

const pemOf = (shown: Shown): Credentials.PemPair => typeof shown === "string" ? Golden.server(shown) : shown;

/** A server of ours on a port of the system's choice. */
export const listen = (
  shown: Shown,
  options: Partial<Server.ListenOptions> = {},
  handler = reverse,
  more: ReadonlyArray<Golden.Kind> = [],
) =>
  Server.listen({ hostname: "127.0.0.1", port: 0, ...options }, handler).pipe(
    Effect.map(({ address }) => address.port),
    Effect.provide(
      Layer.mergeAll(
        base,
        SessionStore.layerMemory(),
        CertificateVerifier.layerRoots(Golden.root),
        Credentials.fromPem(pemOf(shown), ...more.map(Golden.server)),
      ),
    ),
  );

/** The layers of a client of ours that trusts the test root, or other roots, and may have a certificate. */
export const client = (roots = Golden.root, kind?: Golden.ClientKind) =>
  Layer.mergeAll(
    base,
    SessionStore.layerMemory(),
    CertificateVerifier.layerRoots(roots),
    kind ? Credentials.fromPem(Golden.client(kind)) : Credentials.none,
  );

/** Connects to a port on loopback as to localhost. */
export const connect = (port: number, options: Partial<Client.ConnectOptions> = {}) =>
  Client.connect({ hostname: "127.0.0.1", port, serverName: "localhost", ...options });

/** Sends a line and gives the line that comes back. */
export const ask = (connection: Connection, question: string) =>
  Effect.gen(function* () {
    yield* connection.write(bytesOf(`${question}\n`));
    let text = "";
    while (!text.includes("\n")) {
      const data = yield* connection.read;
      if (!data) break;
      text += textOf(data);
    }
    return text.trim();
  });

/** A connection that is read all the time, as a program would, by a test that says and hears lines. */
export interface Talk {
  readonly connection: Connection;
  readonly tell: (line: string) => Effect.Effect<void, Errors.TlsError>;
  /** Waits for a line; a byte too few, too many or another is a failure. */
  readonly hear: (line: string) => Effect.Effect<void, Errors.TlsError>;
  /** Waits for the end: the error, or nothing after a close_notify. */
  readonly end: Effect.Effect<Errors.TlsError | undefined>;
}

/** Begins to read a connection, until the scope ends. */
export const talk = (connection: Connection): Effect.Effect<Talk, never, Scope.Scope> =>
  Effect.gen(function* () {
    const heard = yield* Queue.unbounded<Uint8Array>();
    const reading = yield* Effect.forkScoped(Effect.gen(function* () {
      for (let data = yield* connection.read; data; data = yield* connection.read) {
        yield* Queue.offer(heard, data);
      }
      yield* connection.close;
    }));
    const ended = Effect.zipRight(Fiber.join(reading), Effect.dieMessage("the peer said close_notify"));
    return {
      connection,
      tell: (line) => connection.write(bytesOf(`${line}\n`)),
      hear: (line) => {
        let text = "";
        const decoder = new TextDecoder();
        const hearing = Effect.gen(function* () {
          while (text.length <= line.length) {
            text += decoder.decode(yield* Effect.raceFirst(Queue.take(heard), ended), { stream: true });
          }
          assert.equal(text, `${line}\n`);
        });
        const late = Effect.suspend(() => Effect.dieMessage(`of "${line}" this has come: "${text}"`));
        return Effect.raceFirst(hearing, Effect.delay(late, "15 seconds"));
      },
      end: Effect.map(
        Fiber.await(reading),
        (exit) => Exit.isSuccess(exit) ? undefined : Cause.squash(exit.cause) as Errors.TlsError,
      ),
    };
  });

/** A server of ours whose connections the test itself holds, in the order in which they come. */
export const accept = (shown: Shown, options: Partial<Server.ListenOptions> = {}) =>
  Effect.gen(function* () {
    const accepted = yield* Queue.unbounded<Connection>();
    const port = yield* listen(
      shown,
      { onFailure: () => Effect.void, ...options },
      (connection) => Effect.zipRight(Queue.offer(accepted, connection), Effect.never),
    );
    return { port, next: Effect.flatMap(Queue.take(accepted), talk) };
  });

/** A line each way, with a peer that shows what it hears and sends what is typed; it may have to be the first. */
export const exchange = (us: Talk, peer: Peer, word: string, first: "ours" | "theirs" = "ours") => {
  const ours = Effect.zipRight(us.tell(`ours ${word}`), peer.until(new RegExp(`ours ${word}\n`)));
  const theirs = Effect.zipRight(peer.say(`theirs ${word}\n`), us.hear(`theirs ${word}`));
  return first === "ours" ? Effect.zipRight(ours, theirs) : Effect.zipRight(theirs, ours);
};

/** The lines of ours that such a peer has shown, in order. */
export const shown = (peer: Peer): ReadonlyArray<string> =>
  Array.from(peer.output().matchAll(/ours (.*)\n/g), ([, word]) => word!);

/** Runs what should make one more handshake, and gives what that agreed on. */
export const renewed = <A, E, R>(us: Talk, what: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const before = yield* us.connection.negotiated;
    yield* what;
    const after = yield* us.connection.negotiated;
    assert.notEqual(after, before, "there was no other handshake");
    assert.notDeepEqual(after.clientRandom, before.clientRandom);
    assert.equal(after.version, before.version);
    assert.equal(after.secureRenegotiation, true);
    return after;
  });
