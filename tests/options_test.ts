/**
 * Options outside their types: each is refused by its name where it comes in, and nothing is done with it.
 *
 * @module
 */
import { assert, Effect, Either, Layer, Scope } from "./deps.ts";
import * as Client from "../src/client.ts";
import { decodeRenegotiation } from "../src/connection/handshakes/program.ts";
import type { InvalidOption } from "../src/faults/errors/connection.ts";
import { layerNoble } from "../src/layers/crypto/noble/layer.ts";
import { layerFixed } from "../src/layers/pre_shared_keys/fixed.ts";
import { layerMemory, makeMemory } from "../src/layers/sessions/memory.ts";
import { layerFile, layerKeys, layerRotating, makeRotating } from "../src/layers/tickets/rotating.ts";
import { makePair } from "../src/layers/transport/byte_stream.ts";
import { layerMemory as memoryNetwork } from "../src/layers/transport/memory.ts";
import { layerPinned } from "../src/layers/trust/layers.ts";
import { layerRoots, makeRoots } from "../src/layers/trust/roots.ts";
import { NamedGroup } from "../src/names/named_group.ts";
import { ProtocolVersion, PskKeyExchangeMode } from "../src/names/protocol.ts";
import { Transport } from "../src/ports/transport.ts";
import { fromFiles, makeAuthority, makeSelfSigned } from "../src/public/credentials.ts";
import * as Server from "../src/server.ts";
import { limits } from "../src/tables/limits.ts";
import { compatible, legacy, modern, type Policy } from "../src/tables/policy.ts";
import { decode } from "../src/tables/policy_option.ts";
import * as Golden from "./golden/certificates.ts";
import { sync } from "./support/effect.ts";
import { bothHandshake, build, handshake, pingPong } from "./support/handshake.ts";

/** JavaScript, which knows no types. */
// deno-lint-ignore no-explicit-any -- that is the point
type Untyped = any;

const refused = (result: Either.Either<unknown, { readonly _tag: string }>): InvalidOption => {
  assert.ok(Either.isLeft(result), "it was taken");
  assert.equal(result.left._tag, "InvalidOption");
  return result.left as InvalidOption;
};

const throws = () => {
  throw new Error("by the test");
};

const wrongInClient: ReadonlyArray<readonly [string, Untyped]> = [
  ["fallback", { fallback: "no" }],
  ["alpn", { alpn: "h2" }],
  ["alpn.1", { alpn: ["h2", ""] }],
  ["alpn.0", { alpn: ["ü".repeat(128)] }],
  ["alpn.0", { alpn: ["\ud800"] }],
  ["alpn", { alpn: Array.from({ length: 300 }, (_, i) => `${i}`.padEnd(253, "x")) }],
  ["policy.cipherSuites", {
    policy: { ...modern, cipherSuites: Array(40_000).fill(modern.cipherSuites[0]) },
  }],
  ["policy.groups", { policy: { ...modern, groups: Array(40_000).fill(modern.groups[0]) } }],
  ["options", { policy: Object.defineProperty({ ...modern }, "groups", { enumerable: true, get: throws }) }],
  ["serverName", { serverName: "" }],
  ["serverName", { serverName: "x".repeat(256) }],
  ["serverName", { serverName: null }],
  ["sessionKey", { sessionKey: 1 }],
  ["observe", { observe: {} }],
  ["policy", { policy: "modern" }],
  ["servername", { servername: "localhost" }],
];
for (const [option, client] of wrongInClient) {
  sync(
    `a client refuses ${Deno.inspect(client).slice(0, 60)}, and says no byte`,
    Effect.gen(function* () {
      const met = yield* bothHandshake(yield* build(), { client });
      assert.equal(refused(met.client).option, option);
      assert.equal(met.tape.flows.filter(({ from }) => from === "client").length, 0);
      assert.equal(Either.isLeft(met.server) && met.server.left._tag, "Truncated"); // the stream is closed
    }),
  );
}

sync(
  "a client over a stream must say whom the certificate is for, if only that it is for nobody in particular",
  Effect.gen(function* () {
    const [stream] = yield* makePair();
    const over = Client.over(stream, {} as Untyped).pipe(Effect.provide((yield* build()).client));
    const { option, message } = refused(yield* Effect.either(over));
    assert.equal(option, "serverName");
    assert.equal(message, "serverName: is missing; expected a string of 1 to 255 characters");
  }),
);

const wrongInServer: ReadonlyArray<readonly [string, Untyped]> = [
  ["clientAuth", { clientAuth: "required" }],
  ["clientAuth", { clientAuth: "Require" }],
  ["clientAuth", { clientAuth: true }],
  ["clientAuth", { clientAuth: null }],
  ["client_auth", { client_auth: "require" }],
  ["policy.cipherSuits", { policy: { ...modern, cipherSuits: [] } }],
  ["policy.limits.handshakeTimout", { policy: { ...modern, limits: { ...limits, handshakeTimout: 1 } } }],
  ["options", null],
];
for (const [option, server] of wrongInServer) {
  sync(
    `a server refuses ${Deno.inspect(server, { depth: 0 })}: ${option}`,
    Effect.gen(function* () {
      const [stream, theirs] = yield* makePair();
      const over = Effect.provide(Server.over(stream, server), (yield* build()).server);
      assert.equal(refused(yield* Effect.either(over)).option, option);
      assert.equal(yield* theirs.read, undefined);
    }),
  );
}

/** Of each member something that it can't be, by its type; NaN and less than nothing for numbers. */
const others = (value: unknown): ReadonlyArray<unknown> =>
  typeof value === "number"
    ? [NaN, -1, 0.5, -Infinity, "1", null]
    : typeof value === "boolean"
    ? ["true", 1, null]
    : Array.isArray(value)
    ? [value[0], [NaN], ["TLS_1_2"], [0x3afa], null]
    : typeof value === "object"
    ? [{}, null, NaN]
    : [8192, NaN, "alow", null];

Deno.test("a policy is refused for every member that is not of its type, and for every one that is missing", () => {
  let count = 0;
  for (const [name, value] of Object.entries(modern)) {
    // JSON leaves it out, or says null.
    const mayBeNone = ["maxFragmentLength", "recordPadding", "recordSizeLimit"].includes(name);
    for (const other of others(name.startsWith("record") ? 1 : value)) {
      if (mayBeNone && other === null) continue;
      const { option } = refused(decode({ ...modern, [name]: other }));
      assert.ok(option === `policy.${name}` || option.startsWith(`policy.${name}.`), option);
      count++;
    }
    const { [name as keyof Policy]: _, ...rest } = modern;
    if (mayBeNone) continue;
    const { option, message } = refused(decode(rest));
    assert.equal(option, `policy.${name}`);
    assert.equal(message, `policy.${name}: is missing; begin with { ...Policy.modern }`);
  }
  assert.ok(count > 60);
});

Deno.test("every limit is a whole number, or Infinity; NaN and less than nothing are none", () => {
  for (const name of Object.keys(limits)) {
    for (const other of others(1)) {
      const { option } = refused(decode({ ...modern, limits: { ...limits, [name]: other } }));
      assert.equal(option, `policy.limits.${name}`);
    }
    assert.ok(Either.isRight(decode({ ...modern, limits: { ...limits, [name]: Infinity } })), name);
  }
});

Deno.test("what is decoded is frozen, and not decoded again; what is given stays as it is, and is looked at each time", () => {
  for (const policy of [modern, compatible, legacy]) {
    assert.equal(Either.getOrThrow(decode(policy)), policy);
    for (const part of [policy, policy.versions, policy.limits]) assert.ok(Object.isFrozen(part));
  }
  const given: Untyped = { ...modern, versions: [...modern.versions], limits: { ...limits } };
  const decoded = Either.getOrThrow(decode(given));
  assert.deepEqual(decoded, given);
  assert.ok(!Object.isFrozen(given) && !Object.isFrozen(given.versions) && !Object.isFrozen(given.limits));
  assert.equal(Either.getOrThrow(decode(decoded)), decoded);
  given.limits.handshakeTimeout = NaN;
  assert.equal(refused(decode(given)).option, "policy.limits.handshakeTimeout");
  assert.equal(decoded.limits.handshakeTimeout, limits.handshakeTimeout);
});

Deno.test("a policy goes to a file as JSON and comes back from it as it was", () => {
  for (const policy of [modern, compatible, legacy]) {
    assert.deepEqual(Either.getOrThrow(decode(JSON.parse(JSON.stringify(policy)))), policy);
    const without: Untyped = decode({ ...policy, maxFragmentLength: null, recordPadding: null });
    assert.deepEqual(Either.getOrThrow(without), policy);
    const short: Policy = { ...policy, maxFragmentLength: 512, recordPadding: 256 };
    assert.deepEqual(Either.getOrThrow(decode(JSON.parse(JSON.stringify(short)))), short);
  }
});

Deno.test("records are padded to a multiple of 2 to 2^14 bytes, and of nothing else", () => {
  for (const recordPadding of [0, 1, 16_385, 2.5, Infinity, (length: number) => length]) {
    const { option, expected } = refused(decode({ ...modern, recordPadding }));
    assert.equal(option, "policy.recordPadding");
    assert.equal(expected, "a whole number from 2 to 16384, or undefined");
  }
  for (const recordPadding of [2, 16_384]) assert.ok(Either.isRight(decode({ ...modern, recordPadding })));
});

Deno.test("a policy of TLS 1.3 without a group that it can use is refused, unless a PSK can be used alone", () => {
  for (const groups of [[], [NamedGroup.secp256k1]]) {
    assert.equal(refused(decode({ ...modern, groups })).option, "policy.groups");
    const alone = { ...modern, groups, pskKeyExchangeModes: [PskKeyExchangeMode.psk_ke] };
    assert.ok(Either.isRight(decode(alone)));
    assert.ok(Either.isRight(decode({ ...modern, groups, versions: [ProtocolVersion.TLS_1_2] })));
  }
});

Deno.test("certificateCompression takes numbers for private use, for an algorithm of one's own", () => {
  for (const number of [0x4000, 0xffff]) {
    assert.ok(Either.isRight(decode({ ...modern, certificateCompression: [number] })));
  }
  for (const number of [0, 4, 0x3fff, 0x10000, 16384.5]) {
    const { option } = refused(decode({ ...modern, certificateCompression: [number] }));
    assert.equal(option, "policy.certificateCompression.0");
  }
});

Deno.test("where bytes are due, a text is not repeated: it may be a key", () => {
  const secret = "00112233445566778899aabbccddeeff";
  const key = { identity: new Uint8Array([1]), key: secret as never };
  const outcome = Effect.runSync(Effect.either(Effect.scoped(Layer.build(layerFixed([key])))));
  const { got, message } = refused(outcome);
  assert.equal(got, "a string of 32 characters");
  assert.ok(!message.includes(secret));
});

Deno.test("a policy of which no version has a suite is refused, and one of which a single version has is not", () => {
  const { SSL_3_0, TLS_1_0, TLS_1_1, TLS_1_2 } = ProtocolVersion;
  for (const versions of [[TLS_1_0], [TLS_1_1, SSL_3_0]]) {
    const { option, message } = refused(decode({ ...modern, versions }));
    assert.equal(option, "policy.versions");
    assert.equal(message, "policy.versions: none for which the policy names a cipher suite");
  }
  assert.ok(Either.isRight(decode({ ...modern, versions: [TLS_1_0, TLS_1_2] })));
  assert.ok(Either.isRight(decode({ ...compatible, versions: [TLS_1_0] })));
});

sync(
  "such a policy stops a client before its first byte, and a server before its first read",
  Effect.gen(function* () {
    const policy: Policy = { ...modern, versions: [ProtocolVersion.TLS_1_1] };
    const met = yield* bothHandshake(yield* build(), { client: { policy } });
    assert.equal(refused(met.client).option, "policy.versions");
    assert.equal(met.tape.flows.filter(({ from }) => from === "client").length, 0);
    const [stream] = yield* makePair();
    const over = Effect.provide(Server.over(stream, { policy }), (yield* build()).server);
    assert.equal(refused(yield* Effect.either(over)).option, "policy.versions");
  }),
);

const misspelt: ReadonlyArray<readonly [string, unknown]> = [
  [
    "policy.cipherSuits: there is no such option; did you mean cipherSuites?",
    { ...modern, cipherSuits: [] },
  ],
  [
    "policy.limits.handshaketimout: there is no such option; did you mean handshakeTimeout?",
    { ...modern, limits: { ...limits, handshaketimout: 1 } },
  ],
  [
    "policy.limits.colour: there is no such option; there are " +
    Object.keys(limits).join(", ").replace(/, (?=\w+$)/, " and "),
    { ...modern, limits: { ...limits, colour: 1 } },
  ],
  [
    "policy.limits.handshakeMessage: is missing; begin with { ...Policy.modern.limits }",
    { ...modern, limits: {} },
  ],
  ["policy.cipherSuites: is empty; at least one item is needed", { ...modern, cipherSuites: [] }],
  [`policy.versions: expected a list of 1 to 1000 items, got "TLS 1.2"`, { ...modern, versions: "TLS 1.2" }],
];
for (const [message, policy] of misspelt) {
  Deno.test(`a policy is refused in words that say what to do: ${message.slice(0, 70)}`, () => {
    assert.equal(refused(decode(policy)).message, message);
  });
}

sync(
  "what is written and is no Uint8Array is told by its kind, and not by what is in it",
  Effect.gen(function* () {
    const { client, server } = yield* handshake();
    const kinds: ReadonlyArray<readonly [Untyped, string]> = [
      ["secret", "a string"],
      [1, "a number"],
      [["secret"], "an Array"],
      [new ArrayBuffer(2), "an ArrayBuffer"],
      [new Uint16Array(2), "a Uint16Array"],
      [null, "null"],
      [undefined, "undefined"],
    ];
    for (const [data, kind] of kinds) {
      const error = yield* Effect.flip(client.write(data));
      assert.equal(error._tag === "InvalidOption" && error.got, kind);
      assert.equal(error.message, `data: expected a Uint8Array, got ${kind}`);
    }
    assert.equal(yield* pingPong(client, server), "ping pong");
  }),
);

Deno.test("a refusal tells what came in a few printable characters, and nothing of what is in an object", () => {
  const got = (renegotiation: unknown) => refused(decode({ ...modern, renegotiation })).got;
  assert.equal(got("al\x1b[2Jow\n"), `"al\\u001b[2Jow\\n"`);
  assert.equal(got("x".repeat(41)), "a string of 41 characters");
  assert.equal(got({ secret: "s" }), "an object");
  assert.equal(got(new Uint8Array(3)), "3 bytes");
  assert.equal(got([1, 2]), "a list of 2 items");
  assert.equal(got(1n), "1");
  assert.equal(
    refused(decode({ ...modern, renegotiation: "alow" })).message,
    `policy.renegotiation: expected "allow", "refuse", "close" or "ignore", got "alow"`,
  );
});

for (
  const [option, options] of [
    ...["maxConnections", "maxHandshakes"].flatMap((option) =>
      [0, -1, NaN, 1.5, "8"].map((n) => [option, { [option]: n }] as const)
    ),
    ["port", { port: NaN }],
    ["port", { port: 65_536 }],
    ["hostname", { hostname: "" }],
    ["onFailure", { onFailure: "log" }],
    ["clientAuth", { clientAuth: "required" }],
    ["policy.limits.emptyRecords", { policy: { ...modern, limits: { ...limits, emptyRecords: NaN } } }],
  ] as ReadonlyArray<readonly [string, Untyped]>
) {
  sync(
    `nothing listens with ${option} of ${Deno.inspect(Object.values(options)[0], { depth: 0 })}`,
    Effect.gen(function* () {
      const address = { hostname: "h", port: 1 };
      const listening = Server.listen({ ...address, ...options }, () => Effect.void);
      const network = yield* Layer.build(memoryNetwork);
      const all = Effect.provide(Effect.either(listening), (yield* build()).server);
      assert.equal(refused(yield* Effect.provide(all, network)).option, option);
      const opened = Effect.flatMap(Transport, ({ open }) => Effect.either(open(address)));
      assert.ok(Either.isLeft(yield* Effect.provide(opened, network)));
    }),
  );
}

sync(
  "a client connects to no port and by no name that can be none",
  Effect.gen(function* () {
    const connect = (options: Untyped) =>
      Effect.either(Client.connect({ hostname: "h", port: 1, ...options })).pipe(
        Effect.provide(memoryNetwork),
      );
    const { client } = yield* build();
    for (const [option, options] of Object.entries({ port: { port: "443" }, hostname: { hostname: "" } })) {
      assert.equal(refused(yield* Effect.provide(connect(options), client)).option, option);
    }
  }),
);

sync(
  "a renegotiation with an option that is none is not asked for, and the connection goes on",
  Effect.gen(function* () {
    const { client, server } = yield* handshake();
    for (
      const [option, changes] of [
        ["changes.clientAuth", { clientAuth: "required" }],
        ["changes.resume", { resume: 1 }],
        ["changes.policy.groups.0", { policy: { ...modern, groups: [NaN] } }],
        ["changes.clientauth", { clientauth: "require" }],
      ] as ReadonlyArray<readonly [string, Untyped]>
    ) {
      assert.equal(refused(yield* Effect.either(server.renegotiateWith(changes))).option, option);
    }
    assert.equal(yield* pingPong(client, server), "ping pong");
  }),
);

const wrongTimes: ReadonlyArray<unknown> = [NaN, -1, "-1 second", [-1, 0], [NaN, 0], "soon", {}, null];
const built = <A, E>(layer: Layer.Layer<A, E, never>) =>
  Effect.flatMap(Scope.make(), (scope) => Effect.either(Scope.extend(Layer.build(layer), scope)));
const wrongLayers: ReadonlyArray<readonly [string, string, Layer.Layer<never, { readonly _tag: string }>]> = [
  ...([NaN, -1, "2048"] as ReadonlyArray<Untyped>).map((minimumRsaBits) =>
    [
      `roots of ${minimumRsaBits} bits`,
      "allowances.minimumRsaBits",
      layerRoots(Golden.root, { minimumRsaBits }),
    ] as const
  ),
  ["roots with sha1 of 1", "allowances.sha1", layerRoots(Golden.root, { sha1: 1 } as Untyped)],
  ["roots with SHA1", "allowances.SHA1", layerRoots(Golden.root, { SHA1: false } as Untyped)],
  ["a store of NaN", "capacity", layerMemory({ capacity: NaN })],
  ["a store of -1", "capacity", layerMemory({ capacity: -1 })],
  ...wrongTimes.flatMap((time: Untyped) => [
    [`a store for ${time}`, "timeToLive", layerMemory({ timeToLive: time })] as const,
    [`tickets for ${time}`, "lifetime", layerRotating({ lifetime: time })] as const,
    [`ticket keys for ${time}`, "rotateEvery", layerRotating({ rotateEvery: time })] as const,
    [
      `a file of ticket keys for ${time}`,
      "lifetime",
      Layer.provide(layerFile("/nowhere/keys", { lifetime: time }), layerNoble),
    ] as const,
    [
      `files looked at every ${time}`,
      "every",
      fromFiles([{ certificate: "/nowhere", privateKey: "/nowhere" }], { every: time }),
    ] as const,
  ]),
  [
    "ticket keys of no time",
    "lifetime",
    layerKeys({
      keys: [{ name: new Uint8Array(16), key: new Uint8Array(32), createdAt: 0 }],
      lifetime: NaN,
    }),
  ],
];
for (const [name, option, layer] of wrongLayers) {
  sync(
    `no layer is built: ${name}`,
    Effect.gen(function* () {
      assert.equal(refused(yield* built(layer)).option, option);
    }),
  );
}

sync(
  "a pin that is no text is an InvalidPin",
  Effect.gen(function* () {
    const result = yield* built(layerPinned([1 as Untyped]));
    assert.equal(Either.isLeft(result) && result.left._tag, "InvalidPin");
  }),
);

sync(
  "no certificate is made for days that are none, or of a key that nobody knows",
  Effect.gen(function* () {
    for (
      const [option, options] of [
        ["days", { days: NaN }],
        ["days", { days: -1 }],
        ["key", { key: "rsa512" }],
      ] as ReadonlyArray<readonly [string, Untyped]>
    ) {
      assert.equal(refused(yield* Effect.either(makeSelfSigned(options))).option, option);
      assert.equal(refused(yield* Effect.either(makeAuthority(options))).option, option);
    }
    const wrong = makeSelfSigned({ purposes: ["server"] } as Untyped);
    assert.equal(refused(yield* Effect.either(wrong)).option, "purposes.0");
  }).pipe(Effect.provide(layerNoble)),
);

sync(
  "a pair of streams that would hold nothing, or anything, is none",
  Effect.gen(function* () {
    for (const capacity of [0, -1, NaN, 1.5]) {
      assert.equal(refused(yield* Effect.either(makePair({ capacity }))).option, "capacity");
    }
  }),
);

sync(
  "no keys are exported for a context that is no Uint8Array, or a label that is no text",
  Effect.gen(function* () {
    const { client } = yield* handshake();
    for (const context of ["abc", new Uint16Array(2), [1], 1, null] as Untyped) {
      const error = yield* Effect.flip(client.exportKeyingMaterial("a label", 16, context));
      assert.equal(error.reason, "a context is a Uint8Array");
    }
    for (const label of [1, null, ["a"]] as Untyped) {
      assert.match((yield* Effect.flip(client.exportKeyingMaterial(label, 16))).reason, /^a label is/);
    }
  }),
);

sync(
  "a channel binding of a type that there is not is unavailable, and the connection goes on",
  Effect.gen(function* () {
    const { client, server } = yield* handshake();
    for (const type of ["tls-uniq", "", "\x1b[2J", 1, null, undefined, {}, Symbol("s")] as Untyped) {
      const error = yield* Effect.flip(client.channelBinding(type));
      assert.equal(error._tag, "BindingUnavailable");
      assert.match(error.message, /is none of tls-unique, tls-server-end-point and tls-exporter/);
      assert.ok(!error.message.includes("\x1b"));
    }
    assert.equal(yield* pingPong(client, server), "ping pong");
  }),
);

sync(
  "a client that would ask for a certificate in a renegotiation is told that only a server does",
  Effect.gen(function* () {
    const { client, server } = yield* handshake();
    const error = yield* Effect.flip(client.renegotiateWith({ clientAuth: "require" }));
    assert.equal(error._tag === "InvalidOption" && error.option, "changes.clientAuth");
    assert.match(error.message, /only a server asks for a certificate/);
    assert.equal(yield* pingPong(client, server), "ping pong");
    assert.ok(Either.isRight(decodeRenegotiation("client", { clientAuth: undefined })));
  }),
);

Deno.test("makers without an Effect throw the same", () => {
  const thrown = (make: () => unknown) => assert.throws(make, { _tag: "InvalidOption" });
  thrown(() => makeRoots([], { minimumRsaBits: NaN }));
  thrown(() => makeMemory({ capacity: NaN }));
  thrown(() => makeRotating({ lifetime: NaN }));
});
