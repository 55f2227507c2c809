/** What the old versions need: policies that name them, and what is asked of a connection in each of them. @module */
import { assert, Effect } from "../deps.ts";
import { type Connection, Names, Policy } from "../../mod.ts";
import { suites } from "../../src/tables/suites.ts";
import { ask } from "./ends.ts";

const { CipherSuite, ProtocolVersion } = Names;

/** The versions by what each peer calls them. */
export const versions = [
  { name: "SSL 3.0", id: ProtocolVersion.SSL_3_0, jsse: "SSLv3", nss: "ssl3" },
  {
    name: "TLS 1.0",
    id: ProtocolVersion.TLS_1_0,
    openssl: "-tls1",
    jsse: "TLSv1",
    nss: "tls1.0",
    gnutls: "1.0",
  },
  {
    name: "TLS 1.1",
    id: ProtocolVersion.TLS_1_1,
    openssl: "-tls1_1",
    jsse: "TLSv1.1",
    nss: "tls1.1",
    gnutls: "1.1",
  },
  {
    name: "TLS 1.2",
    id: ProtocolVersion.TLS_1_2,
    openssl: "-tls1_2",
    jsse: "TLSv1.2",
    nss: "tls1.2",
    gnutls: "1.2",
  },
] as const;

/** A policy of one version and some suites, of all that there are. */
export const only = (
  version: Names.ProtocolVersion,
  cipherSuites: ReadonlyArray<Names.CipherSuite> = Policy.legacy.cipherSuites,
): Policy.Policy => ({ ...Policy.legacy, versions: [version], cipherSuites });

/** The suites that exist in a version, by name. */
export const suitesOf = (version: Names.ProtocolVersion): ReadonlyArray<string> =>
  [...suites.values()].filter((s) => s.since <= version).map((s) => CipherSuite.nameOf(s.id));

/** A suite by its name. */
export const suiteOf = (name: string): Names.CipherSuite =>
  [...suites.keys()].find((id) => CipherSuite.nameOf(id) === name)!;

/** Says a line that the peer reverses, and holds the connection against what it must be. */
export const converses = (
  connection: Connection,
  expected: { readonly version: Names.ProtocolVersion; readonly suite?: string; readonly resumed?: boolean },
) =>
  Effect.gen(function* () {
    const { version, suite, resumed = false } = expected;
    const n = yield* connection.negotiated;
    assert.equal(n.version, version);
    assert.equal(n.resumed, resumed);
    if (suite !== undefined) assert.equal(CipherSuite.nameOf(n.cipherSuite), suite);
    assert.equal(yield* ask(connection, "stressed"), "desserts");
    // Enough for a record of nearly full length, and no more than the line that some peers read.
    const long = "abc".repeat(5_000);
    assert.equal((yield* ask(connection, long)).length, long.length);
    yield* connection.close;
    return n;
  });
