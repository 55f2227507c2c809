/**
 * `connect`, `createServer` and `TLSSocket` of `./src/node/mod.ts` under the names of Node's `tls`: programs that were written
 * for `node:tls` run with their import changed, and nobody counts as authorized who is not.
 *
 * @module
 */
import { once } from "node:events";
import https from "node:https";
import net from "node:net";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { assert } from "../deps.ts";
import * as tls from "../../src/node/mod.ts";
import {
  type ConnectionOptions,
  type SecureContextOptions,
  type Server,
  type TlsOptions,
  TLSSocket,
} from "../../src/node/mod.ts";
import * as Golden from "../golden/certificates.ts";
import { makeCa } from "../support/ca.ts";
import { makeStaple } from "../support/ocsp.ts";

const { certificate: cert, privateKey: key } = Golden.server("p256");
const ours = Golden.client("p256");
const ca = Golden.root;

/** A server on loopback that gives back what it gets, and what happened there, as words. */
const echoing = async (options: Partial<TlsOptions> = {}, prepare: (server: Server) => void = () => {}) => {
  const met: Array<TLSSocket> = [];
  const failures: Array<Error & { readonly _tag?: string }> = [];
  const server = tls.createServer({ cert, key, ...options }, (socket) => {
    met.push(socket);
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  server.on("tlsClientError", (error) => failures.push(error));
  const below = new Set<net.Socket>();
  server.on("connection", (socket) => below.add(socket));
  prepare(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  return {
    server,
    met,
    failures,
    to: (more: Partial<ConnectionOptions> = {}): ConnectionOptions => ({
      host: "localhost",
      port,
      ca,
      ...more,
      ...(more.host !== undefined && { socket: net.connect(port, "127.0.0.1") }),
    }),
    [Symbol.asyncDispose]: async () => {
      below.forEach((socket) => socket.destroy());
      server.close();
      await once(server, "close");
    },
  };
};

/** Connects; the error if that fails. */
const connected = async (options: ConnectionOptions): Promise<TLSSocket> => {
  const socket = tls.connect(options);
  await once(socket, "secureConnect");
  return socket;
};

/** Says something, hears the same, and ends. */
const talked = async (socket: TLSSocket, words = "hello"): Promise<void> => {
  const closed = once(socket, "close");
  socket.end(words);
  assert.equal(await text(socket), words);
  await closed;
};

/** Says something and hears it: then the server is there as well. */
const met = async (socket: TLSSocket): Promise<void> => {
  socket.write("hello");
  await once(socket, "data");
};

/** The error with which connecting fails. */
const failure = async (options: ConnectionOptions): Promise<Error & { _tag?: string; code?: string }> => {
  const socket = tls.connect(options);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  const [error] = await once(socket, "error");
  assert.equal(socket.authorized, false);
  await closed;
  return error;
};

// -- both roles --

Deno.test("connect and createServer speak with each other, and tell it in Node's words", async () => {
  await using at = await echoing({ ALPNProtocols: ["echo", "other"] });
  const socket = await connected(at.to({ ALPNProtocols: [new TextEncoder().encode("other"), "echo"] }));
  await met(socket);
  const [theirs] = at.met;
  assert.deepEqual(
    [socket.authorized, socket.authorizationError, socket.encrypted, socket.getProtocol()],
    [true, null, true, "TLSv1.3"],
  );
  assert.deepEqual([socket.alpnProtocol, theirs?.alpnProtocol], ["echo", "echo"]);
  assert.deepEqual([socket.servername, theirs?.servername], ["localhost", "localhost"]);
  assert.deepEqual([theirs?.authorized, theirs?.authorizationError], [false, null]);
  assert.equal(socket.getCipher()?.name, "TLS_AES_128_GCM_SHA256");
  assert.deepEqual({ ...socket.getPeerCertificate()?.subject as object }, { O: "Test", CN: "localhost" });
  assert.equal(socket.getPeerX509Certificate()?.fingerprint256, socket.getPeerCertificate()?.fingerprint256);
  assert.deepEqual(theirs?.getCertificate()?.raw, socket.getPeerCertificate()?.raw);
  assert.equal(theirs?.getX509Certificate()?.fingerprint256, socket.getPeerX509Certificate()?.fingerprint256);
  assert.deepEqual([socket.getCertificate(), socket.getX509Certificate()], [{}, undefined]);
  assert.deepEqual(
    socket.exportKeyingMaterial(20, "EXPORTER-of-ours"),
    theirs?.exportKeyingMaterial(20, "EXPORTER-of-ours"),
  );
  assert.deepEqual([socket.remoteAddress, socket.remotePort], ["127.0.0.1", at.to().port]);
  await talked(socket);
});

Deno.test("connect has the four forms of Node's", async () => {
  await using at = await echoing();
  const port = at.to().port as number;
  for (
    const form of [
      (told: () => void) => tls.connect({ port, host: "localhost", ca }, told),
      (told: () => void) => tls.connect(port, "localhost", { ca }, told),
      (told: () => void) => tls.connect(port, { ca, host: "localhost" }, told),
      (told: () => void) =>
        tls.connect({ socket: net.connect(port, "127.0.0.1"), host: "localhost", ca }, told),
    ]
  ) {
    const socket = await new Promise<TLSSocket>((resolve) => {
      const made = form(() => resolve(made));
    });
    await talked(socket);
  }
});

Deno.test("what is written before the handshake is done arrives, and `connect` comes before `secureConnect`", async () => {
  await using at = await echoing();
  const socket = tls.connect(at.to());
  const events: Array<string> = [];
  for (const event of ["connect", "ready", "secure", "secureConnect", "end", "close"]) {
    socket.on(event, () => events.push(event));
  }
  assert.equal(socket.connecting, true);
  await talked(socket, "early");
  assert.deepEqual(events, ["connect", "ready", "secure", "secureConnect", "end", "close"]);
});

Deno.test("a socket that is connected only later is waited for", async () => {
  await using at = await echoing();
  const below = new net.Socket();
  const socket = tls.connect({ socket: below, host: "localhost", ca });
  below.connect(at.to().port as number, "127.0.0.1");
  await talked(socket);
  const gone = new net.Socket();
  gone.destroy();
  assert.equal((await failure({ socket: gone, ca }))._tag, "TransportError");
});

Deno.test("who only writes hears the peer's end, and its connection closes", async () => {
  await using at = await echoing();
  at.server.removeAllListeners("secureConnection").on(
    "secureConnection",
    (socket: TLSSocket) => socket.end("bye"),
  );
  const socket = tls.connect(at.to());
  const closed = once(at.server, "secureConnection").then(([theirs]) => once(theirs, "close"));
  assert.equal(await text(socket), "bye");
  await closed;
});

Deno.test("a client that leaves without a goodbye ends no server that does not listen to errors", async () => {
  await using at = await echoing();
  const gone = new Promise<TLSSocket>((resolve) =>
    at.server.removeAllListeners("secureConnection").on(
      "secureConnection",
      (socket: TLSSocket) => socket.on("close", () => resolve(socket)),
    )
  );
  const below = net.connect(at.to().port as number, "127.0.0.1");
  const socket = tls.connect({ socket: below, host: "localhost", ca });
  await once(socket, "secureConnect");
  socket.on("error", () => {});
  below.destroy();
  assert.equal(((await gone).errored as { readonly _tag?: string } | null)?._tag, "Truncated");
});

Deno.test("connect takes a path, and a server listens at one", async () => {
  const folder = await Deno.makeTempDir();
  const server = tls.createServer({ cert, key }, (socket) => socket.end("by path")).listen(
    `${folder}/socket`,
  );
  await once(server, "listening");
  assert.equal(await text(tls.connect({ path: `${folder}/socket`, ca })), "by path");
  server.close();
  await once(server, "close");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a server takes any Duplex that `connection` is emitted with, TLS itself too", async () => {
  await using outer = await echoing();
  const inner = tls.createServer({ cert, key }, (socket) => socket.end("from within"));
  outer.server.removeAllListeners("secureConnection").on("secureConnection", (socket: TLSSocket) => {
    outer.met.push(socket);
    inner.emit("connection", socket);
  });
  const socket = tls.connect({ socket: tls.connect(outer.to()), host: "localhost", ca });
  assert.equal(await text(socket), "from within");
});

Deno.test("node:https makes requests over connect, to a server of node:http behind createServer", async () => {
  const { default: http } = await import("node:http");
  const site = http.createServer((request, response) => response.end(`you asked for ${request.url}`)).listen(
    0,
  );
  await using at = await echoing();
  at.server.removeAllListeners("secureConnection").on(
    "secureConnection",
    (socket: TLSSocket) => site.emit("connection", socket),
  );
  const answer = await new Promise<string>((resolve, reject) =>
    https.get({
      host: "localhost",
      path: "/this",
      agent: Object.assign(new https.Agent(), { createConnection: () => tls.connect(at.to()) }),
      headers: { connection: "close" },
    }, (response) => text(response).then(resolve, reject)).on("error", reject)
  );
  assert.equal(answer, "you asked for /this");
  site.close();
});

// -- trust: what `authorized` says --

/** Who is met, by what demands, and what comes of it: `authorized`, or the code of the error. */
const meetings: ReadonlyArray<readonly [string, Partial<ConnectionOptions>, string | true]> = [
  ["a server of a known root", {}, true],
  ["a server of no known root", { ca: makeCa().certificatePem }, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
  ["a server with another name", { servername: "example.org" }, "ERR_TLS_CERT_ALTNAME_INVALID"],
  ["a server with another name than `host`, which is not asked for", {
    servername: "",
    host: "example.org",
  }, "ERR_TLS_CERT_ALTNAME_INVALID"],
  ["a server that `checkServerIdentity` refuses", {
    checkServerIdentity: () => Object.assign(new Error("not he"), { code: "MINE" }),
  }, "MINE"],
  ["a server at which `checkServerIdentity` throws", {
    checkServerIdentity: () => {
      throw Object.assign(new Error("not he"), { code: "MINE" });
    },
  }, "MINE"],
  ["a server with another name that `checkServerIdentity` lets pass", {
    servername: "example.org",
    checkServerIdentity: () => undefined,
  }, true],
  ["a server of no known root that `checkServerIdentity` would let pass", {
    ca: makeCa().certificatePem,
    checkServerIdentity: () => undefined,
  }, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
];

for (const [who, demands, expected] of meetings) {
  Deno.test(`${who}: ${expected === true ? "authorized" : expected}`, async () => {
    await using at = await echoing();
    if (expected === true) {
      const socket = await connected(at.to(demands));
      assert.deepEqual([socket.authorized, socket.authorizationError], [true, null]);
      await talked(socket);
    } else {
      assert.equal((await failure(at.to(demands))).code, expected);
    }
  });

  Deno.test(`${who}, and rejectUnauthorized is false: a connection on which that is said, also when resumed`, async () => {
    await using at = await echoing();
    let session: Uint8Array | undefined;
    for (let i = 0; i < 2; i++) {
      const socket = await connected(at.to({ ...demands, session, rejectUnauthorized: false }));
      socket.on("session", (made) => session = made);
      assert.equal(socket.authorized, expected === true);
      assert.equal(socket.authorizationError, expected === true ? null : expected);
      await talked(socket);
    }
  });
}

Deno.test("a session with a server that was let pass is never resumed by who refuses such", async () => {
  await using at = await echoing();
  const sessions: Array<Uint8Array> = [];
  const stranger = { ca: makeCa().certificatePem };
  const lax = await connected(at.to({ ...stranger, rejectUnauthorized: false }));
  lax.on("session", (made) => sessions.push(made));
  await talked(lax);
  assert.equal(sessions.length, 0);
  const anyName = await connected(at.to({ servername: "example.org", checkServerIdentity: () => undefined }));
  anyName.on("session", (made) => sessions.push(made));
  await talked(anyName);
  assert.ok(sessions.length > 0);
  const error = await failure(at.to({ servername: "example.org", session: sessions[0] }));
  assert.equal(error.code, "ERR_TLS_CERT_ALTNAME_INVALID");
});

Deno.test("a client refuses a server that shows no certificate, whatever `ciphers` allow", async () => {
  const ciphers = "ADH:AECDH";
  await using at = await echoing({ ciphers, maxVersion: "TLSv1.2" });
  const error = await failure(at.to({ ciphers, maxVersion: "TLSv1.2" }));
  assert.match(error.message, /shown none/);
  const socket = await connected(at.to({ ciphers, maxVersion: "TLSv1.2", rejectUnauthorized: false }));
  assert.equal(socket.authorized, false);
  assert.equal(typeof socket.authorizationError, "string");
  await talked(socket);
});

Deno.test("a TLSSocket that connect did not make checks the certificate as well", async () => {
  await using at = await echoing();
  const socket = new TLSSocket(net.connect(at.to().port as number, "127.0.0.1"), {
    ca,
    servername: "example.org",
  });
  const [error] = await once(socket, "error");
  assert.equal(error.code, "ERR_TLS_CERT_ALTNAME_INVALID");
});

// -- client certificates --

const shown = { cert: ours.certificate, key: ours.privateKey };
const clients: ReadonlyArray<
  readonly [string, Partial<ConnectionOptions>, Partial<TlsOptions>, boolean | "refused"]
> = [
  ["requestCert, and a certificate of a known root", shown, { requestCert: true }, true],
  ["requestCert, and none", {}, { requestCert: true }, "refused"],
  ["requestCert, and one of no known root", shown, {
    requestCert: true,
    ca: makeCa().certificatePem,
  }, "refused"],
  ["requestCert without rejectUnauthorized, and none", {}, {
    requestCert: true,
    rejectUnauthorized: false,
  }, false],
  ["requestCert without rejectUnauthorized, and one of no known root", shown, {
    requestCert: true,
    rejectUnauthorized: false,
    ca: makeCa().certificatePem,
  }, false],
  ["no requestCert, and a certificate in hand", shown, {}, false],
];
for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
  for (const [name, client, server, expected] of clients) {
    Deno.test(`${version}: ${name}: ${expected === "refused" ? expected : `${expected ? "" : "not "}authorized`}, twice`, async () => {
      await using at = await echoing({ ca, minVersion: version, maxVersion: version, ...server });
      let session: Uint8Array | undefined;
      for (let i = 0; i < 2; i++) {
        const socket = tls.connect(at.to({ ...client, session }));
        socket.on("session", (made) => session = made);
        if (expected === "refused") {
          // In TLS 1.3 a client has finished before the server looks.
          const closed = new Promise((resolve) => socket.once("close", resolve));
          const [error] = await once(socket.resume(), "error");
          assert.equal(error._tag, "PeerAlert");
          await closed;
        } else {
          await talked(socket);
          assert.equal(at.met[i]?.authorized, expected);
        }
      }
      assert.deepEqual([at.met.length, at.failures.length], expected === "refused" ? [0, 2] : [2, 0]);
    });
  }
}

Deno.test("a client is judged by the `ca` of the context that SNICallback chose, also when it comes again", async () => {
  const [clients, servers] = [makeCa(), makeCa()];
  const client = clients.issue({ names: ["client"], extendedKeyUsage: ["1.3.6.1.5.5.7.3.2"] });
  const own = (name: string): SecureContextOptions => {
    const { chainPem, privateKeyPem } = servers.issue({ names: [name] });
    return { cert: chainPem, key: privateKeyPem };
  };
  const contexts: Readonly<Record<string, SecureContextOptions>> = {
    "knows.test": { ...own("knows.test"), ca: clients.certificatePem },
    "strange.test": { ...own("strange.test"), ca: servers.certificatePem },
  };
  await using at = await echoing({
    ...own("usual.test"),
    ca: clients.certificatePem,
    requestCert: true,
    rejectUnauthorized: false,
    SNICallback: (name, told) => told(null, tls.createSecureContext(contexts[name])),
  });
  let session: Uint8Array | undefined;
  for (
    const [servername, authorized] of [["knows.test", true], ["knows.test", true], [
      "strange.test",
      false,
    ]] as const
  ) {
    const socket = tls.connect(
      at.to({
        ca: servers.certificatePem,
        cert: client.chainPem,
        key: client.privateKeyPem,
        servername,
        session,
      }),
    );
    socket.on("session", (made) => session = made);
    await talked(socket);
    assert.equal(at.met.at(-1)?.authorized, authorized, servername);
  }
});

Deno.test("who is not trusted after a renegotiation that demands it is refused, whatever was let pass before", async () => {
  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    await using at = await echoing({ ca: makeCa().certificatePem, rejectUnauthorized: false, maxVersion });
    const socket = await connected(at.to(shown));
    socket.on("error", () => {});
    await met(socket);
    const [theirs] = at.met;
    const closed = new Promise((resolve) => theirs!.once("close", resolve));
    const error = await new Promise<unknown>((told) =>
      theirs?.renegotiate({ requestCert: true, rejectUnauthorized: true }, told)
    );
    assert.equal((error as { readonly _tag?: string } | null)?._tag, "CertificateError");
    assert.deepEqual([theirs?.authorized, theirs?.destroyed], [false, true]);
    await closed;
  }
});

// -- sessions --

Deno.test("`session`, getSession and setSession resume, and getTLSTicket is the ticket", async () => {
  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    await using at = await echoing({ maxVersion });
    const first = await connected(at.to());
    assert.equal(first.isSessionReused(), false);
    await talked(first);
    const session = first.getSession();
    assert.ok(session && first.getTLSTicket()?.length);
    const second = tls.connect(at.to());
    second.setSession(session);
    await once(second, "secureConnect");
    assert.equal(second.isSessionReused(), true);
    assert.equal(second.authorized, true);
    await talked(second);
  }
});

Deno.test("bytes that are no session lead to a full handshake", async () => {
  await using at = await echoing();
  const socket = await connected(at.to({ session: Uint8Array.of(1, 2, 3) }));
  assert.equal(socket.isSessionReused(), false);
  await talked(socket);
});

Deno.test("servers with the same keys for tickets resume each other's sessions; other keys forget them", async () => {
  await using one = await echoing();
  const ticketKeys = one.server.getTicketKeys();
  assert.equal(ticketKeys.length, 48);
  await using other = await echoing({ ticketKeys });
  const first = await connected(one.to());
  await talked(first);
  const session = first.getSession();
  const second = await connected(other.to({ session }));
  assert.equal(second.isSessionReused(), true);
  await talked(second);
  other.server.setTicketKeys(new Uint8Array(48).fill(7));
  const third = await connected(other.to({ session: second.getSession() }));
  assert.equal(third.isSessionReused(), false);
  await talked(third);
  assert.throws(() => other.server.setTicketKeys(new Uint8Array(47)), /48 bytes/);
});

Deno.test("a client that one server trusts is not authorized at another with the same keys for tickets and another `ca`", async () => {
  const both: Partial<TlsOptions> = {
    ticketKeys: new Uint8Array(48).fill(1),
    requestCert: true,
    rejectUnauthorized: false,
  };
  await using one = await echoing({ ...both, ca });
  await using same = await echoing({ ...both, ca });
  await using other = await echoing({ ...both, ca: makeCa().certificatePem });
  for (const [at, authorized] of [[same, true], [other, false]] as const) {
    const first = await connected(one.to(shown));
    await talked(first);
    const second = await connected(at.to({ ...shown, session: first.getSession() }));
    await met(second);
    assert.deepEqual([second.isSessionReused(), at.met[0]?.authorized], [authorized, authorized]);
    await talked(second);
  }
});

Deno.test("sessions of another sessionIdContext are not resumed, even with the same keys for tickets", async () => {
  const ticketKeys = new Uint8Array(48).fill(1);
  await using one = await echoing({ ticketKeys, sessionIdContext: "one" });
  await using other = await echoing({ ticketKeys, sessionIdContext: "other" });
  const first = await connected(one.to());
  await talked(first);
  const second = await connected(other.to({ session: first.getSession() }));
  assert.equal(second.isSessionReused(), false);
  await talked(second);
});

Deno.test("listeners of newSession and resumeSession keep the sessions of a server without tickets", async () => {
  const kept = new Map<string, Uint8Array>();
  const SSL_OP_NO_TICKET = 0x4000;
  await using at = await echoing({ secureOptions: SSL_OP_NO_TICKET, maxVersion: "TLSv1.2" }, (server) => {
    server.on("newSession", (id, data, told) => {
      kept.set(id.toString("hex"), data);
      told();
    });
    server.on("resumeSession", (id, told) => told(null, kept.get(id.toString("hex")) ?? null));
  });
  const first = await connected(at.to());
  await talked(first);
  assert.equal(kept.size, 1);
  const second = await connected(at.to({ session: first.getSession() }));
  assert.equal(second.isSessionReused(), true);
  await talked(second);
  kept.clear();
  const third = await connected(at.to({ session: second.getSession() }));
  assert.equal(third.isSessionReused(), false);
  await talked(third);
});

// -- names --

Deno.test("addContext and SNICallback choose certificates by name; what the callback refuses is told", async () => {
  const root = makeCa();
  const of = (name: string): SecureContextOptions => {
    const { chainPem, privateKeyPem } = root.issue({ names: [name] });
    return { cert: chainPem, key: privateKeyPem };
  };
  const nameOf = (socket: TLSSocket) => socket.getPeerCertificate()?.subjectaltname;
  const ca = root.certificatePem;
  await using added = await echoing(of("usual.test"), (server) => {
    server.addContext("*.test", of("some.test"));
    server.addContext("one.test", tls.createSecureContext(of("one.test")));
  });
  for (const [asked, got] of [["one.test", "one"], ["some.test", "some"]]) {
    const socket = await connected(added.to({ ca, servername: asked }));
    assert.equal(nameOf(socket), `DNS:${got}.test`);
    await talked(socket);
  }
  await using called = await echoing({
    ...of("usual.test"),
    SNICallback: (name, told) => {
      if (name === "bad.test") told(new Error("no such name"));
      else if (name === "usual.test") told(null, null);
      else setTimeout(() => told(null, tls.createSecureContext(of(name))), 1);
    },
  });
  for (const name of ["usual.test", "other.test"]) {
    const socket = await connected(called.to({ ca, servername: name }));
    assert.equal(nameOf(socket), `DNS:${name}`);
    await talked(socket);
  }
  assert.equal((await failure(called.to({ ca, servername: "bad.test" })))._tag, "PeerAlert");
  assert.deepEqual(called.failures.map(({ message }) => message), ["no such name"]);
});

Deno.test("ALPNCallback knows the client's protocols and name, and chooses; what it refuses is refused", async () => {
  await using at = await echoing({
    ALPNCallback: ({ servername, protocols }) => {
      assert.equal(servername, "localhost");
      if (protocols[0] === "bad") throw new Error("bad protocol");
      return protocols[0] === "own" ? "another" : protocols.find((one) => one.startsWith("h"));
    },
  });
  const socket = await connected(at.to({ ALPNProtocols: ["spdy", "h9"] }));
  assert.equal(socket.alpnProtocol, "h9");
  await talked(socket);
  const without = await connected(at.to());
  assert.equal(without.alpnProtocol, false);
  await talked(without);
  for (const name of ["spdy", "bad", "own"]) {
    const error = await failure(at.to({ ALPNProtocols: [name] }));
    assert.equal(error.code, "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL");
  }
  assert.deepEqual(at.failures.map(({ _tag, message }) => _tag ?? message), [
    "Refused",
    "bad protocol",
    "InvalidOption",
  ]);
});

// -- what the authority says --

Deno.test("OCSPRequest gives the response that OCSPResponse tells the client; one that says `revoked` is refused", async () => {
  const root = makeCa();
  const leaf = root.issue({ names: ["localhost"] });
  for (const status of ["good", "revoked"] as const) {
    const staple = makeStaple(root, leaf, { status });
    await using at = await echoing(
      { cert: leaf.chainPem, key: leaf.privateKeyPem },
      (server) =>
        server.on("OCSPRequest", (certificate, issuer, told) => {
          assert.deepEqual([new Uint8Array(certificate), issuer], [leaf.der, null]);
          told(null, staple);
        }),
    );
    const to = at.to({ ca: root.certificatePem, requestOCSP: true });
    if (status === "revoked") {
      assert.equal((await failure(to)).code, "CERT_REVOKED");
    } else {
      const socket = tls.connect(to);
      const [response] = await once(socket, "OCSPResponse");
      assert.deepEqual(new Uint8Array(response), staple);
      await talked(socket);
    }
  }
});

// -- keys instead of certificates --

Deno.test("pskCallback: both ends have a key, and are authorized by it; with another key nobody is", async () => {
  const psk = new Uint8Array(32).fill(5);
  const options = { ciphers: "TLS_AES_128_GCM_SHA256" };
  await using at = await echoing({
    ...options,
    cert: undefined,
    key: undefined,
    pskCallback: (socket: unknown, identity: string) => {
      assert.ok(socket instanceof TLSSocket);
      return identity === "me" ? psk : null;
    },
  });
  const to = at.to({ ...options, ca: makeCa().certificatePem });
  const socket = await connected({ ...to, pskCallback: () => ({ psk, identity: "me" }) });
  await met(socket);
  assert.deepEqual([socket.authorized, socket.getPeerCertificate()], [true, {}]);
  assert.equal(at.met[0]?.authorized, true);
  await talked(socket);
  assert.equal(socket.getSession(), undefined); // the key itself is as good
  for (
    const wrong of [
      () => ({ psk: new Uint8Array(32), identity: "me" }),
      () => ({ psk, identity: "you" }),
      () => null,
      () => {
        throw new Error("no key");
      },
    ]
  ) {
    assert.equal((await failure({ ...to, pskCallback: wrong }))._tag, "PeerAlert");
  }
  assert.equal(at.met.length, 1);
});

// -- how it ends --

Deno.test("a port where nobody listens is TransportError with Node's code", async () => {
  const error = await failure({ host: "127.0.0.1", port: 1, ca });
  assert.deepEqual([error._tag, error.code], ["TransportError", "ECONNREFUSED"]);
});

Deno.test("a client that says no TLS, or leaves in the middle, is a tlsClientError, and the server goes on", async () => {
  await using at = await echoing();
  for (const words of ["GET / HTTP/1.0\r\n\r\n", "\x16\x03\x01"]) {
    const told = once(at.server, "tlsClientError");
    net.connect(at.to().port as number, "127.0.0.1").on("error", () => {}).end(words).resume();
    await told;
  }
  assert.deepEqual(at.failures.map(({ _tag }) => _tag), ["NotTls", "Truncated"]);
  await talked(await connected(at.to()));
});

Deno.test("a client that says nothing is a tlsClientError after handshakeTimeout", async () => {
  await using at = await echoing({ handshakeTimeout: 20 });
  const told = once(at.server, "tlsClientError");
  const silent = net.connect(at.to().port as number, "127.0.0.1");
  const [error] = await told;
  assert.equal(error.code, "ERR_TLS_HANDSHAKE_TIMEOUT");
  silent.destroy();
});

Deno.test("a callback that never answers holds a handshake up no longer than handshakeTimeout", async () => {
  for (
    const [options, prepare] of [
      [{ SNICallback: () => {} }, () => {}],
      [{}, (server: Server) => server.on("OCSPRequest", () => {})],
    ] as const
  ) {
    await using at = await echoing({ handshakeTimeout: 20, ...options }, prepare);
    assert.equal((await failure(at.to()))._tag, "PeerAlert");
    assert.deepEqual(at.failures.map(({ _tag }) => _tag), ["HandshakeTimeout"]);
  }
});

Deno.test("megabytes go through both ways, and `write` says when to wait", async () => {
  await using at = await echoing();
  const socket = await connected(at.to());
  const piece = Uint8Array.from({ length: 300_000 }, (_, i) => i * 31 >> 3);
  let waits = 0;
  const writing = (async () => {
    for (let i = 0; i < 10; i++) {
      if (socket.write(piece)) continue;
      waits++;
      await once(socket, "drain");
    }
    socket.end();
  })();
  let at0 = 0;
  for await (const data of socket as AsyncIterable<Uint8Array>) {
    assert.ok(data.every((byte, i) => byte === piece[(at0 + i) % piece.length]));
    at0 += data.length;
  }
  await writing;
  assert.deepEqual([at0, waits > 0], [10 * piece.length, true]);
});

Deno.test("destroy in the middle of a handshake, and a signal, leave nothing open", async () => {
  const silent = net.createServer((socket) => socket.on("error", () => {})).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as net.AddressInfo;
  const socket = tls.connect({ host: "localhost", port, ca });
  await once(socket, "connect");
  socket.destroy();
  await once(socket, "close");
  const giveUp = new AbortController();
  const other = tls.connect({ host: "localhost", port, ca, signal: giveUp.signal });
  other.once("connect", () => giveUp.abort());
  const [error] = await once(other, "error");
  assert.equal(error.name, "AbortError");
  silent.close();
  await once(silent, "close");
});

Deno.test("keylog lines are told at both ends, the same", async () => {
  const theirs: Array<string> = [];
  await using at = await echoing({}, (server) => server.on("keylog", (line) => theirs.push(String(line))));
  const mine: Array<string> = [];
  const socket = tls.connect(at.to());
  socket.on("keylog", (line) => mine.push(String(line)));
  await talked(socket);
  assert.ok(mine.length > 3 && mine.every((line) => line.endsWith("\n")));
  assert.deepEqual(mine.toSorted(), theirs.toSorted());
});

Deno.test("renegotiate asks a client for its certificate, in TLS 1.3 as well; disableRenegotiation ends who asks", async () => {
  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    await using at = await echoing({ ca, maxVersion });
    const socket = await connected(at.to(shown));
    await met(socket);
    const [theirs] = at.met;
    assert.equal(theirs?.authorized, false);
    assert.equal(await new Promise((told) => theirs?.renegotiate({ requestCert: true }, told)), null);
    assert.equal(theirs?.authorized, true);
    await talked(socket);
  }
  await using at = await echoing({ maxVersion: "TLSv1.2" });
  const socket = await connected(at.to());
  await met(socket);
  at.met[0]?.disableRenegotiation();
  const gone = once(at.met[0]!, "error");
  socket.on("error", () => {});
  socket.renegotiate({}, () => {});
  assert.equal((await gone)[0]._tag, "RenegotiationRefused");
});

// -- options --

const wrong: ReadonlyArray<readonly [string, () => unknown]> = [
  ["port", () => tls.connect({ host: "localhost" })],
  ["ca", () => tls.connect({ port: 1, ca: 5 as never })],
  ["minVersion", () => tls.connect({ port: 1, minVersion: "TLSv2" as never })],
  ["ciphers", () => tls.createSecureContext({ ciphers: "AES256-GCM-SHA385" })],
  ["ecdhCurve", () => tls.createSecureContext({ ecdhCurve: "P-257" })],
  ["sigalgs", () => tls.createSecureContext({ sigalgs: "RSA+SHA3" })],
  ["rejectUnauthorized", () => tls.connect({ port: 1, rejectUnauthorized: 0 as never })],
  ["ALPNProtocols", () => tls.connect({ port: 1, ALPNProtocols: [""] })],
  ["secureContext", () => tls.connect({ port: 1, secureContext: {} as never })],
  ["key", () => tls.createServer({ cert })],
  ["SNICallback", () => tls.createServer({ cert, key, SNICallback: "no" as never })],
  [
    "setSession",
    () => new TLSSocket(new PassThrough()).on("error", () => {}).destroy().setSession("no" as never),
  ],
  ["socket", () => new TLSSocket({} as never)],
  ["clientCertEngine", () => tls.createSecureContext({ clientCertEngine: "no" } as never)],
];
for (const [option, make] of wrong) {
  Deno.test(`a wrong ${option} is InvalidOption at once, and nothing is left open`, () => {
    assert.throws(
      make,
      (error: Error & { readonly _tag?: string; readonly option?: string }) =>
        error._tag === "InvalidOption" && error.option?.startsWith(option) === true,
    );
  });
}
