/**
 * The layers that judge a peer's certificate: roots of one's own, of the system, of the runtime, and pins.
 *
 * @module
 */
import { assert, Effect, Either, Exit, type Layer, TestClock } from "../../deps.ts";
import { CertificateError } from "../../../src/faults/errors/trust.ts";
import { alertOf } from "../../../src/faults/meaning.ts";
import { layerNoble } from "../../../src/layers/crypto/noble/layer.ts";
import { CertificateVerifier, type Verification } from "../../../src/ports/trust.ts";
import * as Layers from "../../../src/public/certificate_verifier.ts";
import { parseCertificate } from "../../../src/x509/certificate/certificate.ts";
import { certificatesFromPem } from "../../../src/x509/pem.ts";
import { type Issued, makeCa, pem } from "../../support/ca.ts";
import { effect, live } from "../../support/effect.ts";
import { makeStaple } from "../../support/ocsp.ts";
import { isrgRootX1 } from "../../x509/real.ts";
import { createHash } from "node:crypto";
import process from "node:process";

const ca = makeCa();
const otherCa = makeCa({ subject: "Other Root" });
const server = ca.intermediate().issue();

const asServer = ({ chain }: Issued, name = "localhost"): Verification => ({
  chain,
  name,
  purpose: "serverAuth",
});

type Verifier<E> = Layer.Layer<CertificateVerifier, E>;

const verify = <E>(layer: Verifier<E>, what: Verification): Effect.Effect<void, CertificateError | E> =>
  Effect.flatMap(CertificateVerifier, (verifier) => verifier.verify(what)).pipe(
    Effect.provide(layer),
    Effect.provide(layerNoble),
  );

/** The reason that it is not trusted for. */
const refusal = <E>(layer: Verifier<E>, what: Verification): Effect.Effect<string, unknown> =>
  Effect.flatMap(
    Effect.flip(verify(layer, what)),
    (error) => error instanceof CertificateError ? Effect.succeed(error.reason) : Effect.fail(error),
  );

const partition = <E>(layer: Verifier<E>): Effect.Effect<string, E> =>
  Effect.provide(Effect.map(CertificateVerifier, (verifier) => verifier.partition), layer);

// -- roots --

live(
  "roots are trusted with what is below them, and with nothing else",
  Effect.gen(function* () {
    yield* verify(Layers.layerRoots(ca.certificatePem), asServer(server));
    yield* verify(Layers.layerRoots(otherCa.certificatePem + ca.certificatePem), asServer(server));
    yield* verify(Layers.layerRoots([otherCa.certificatePem, ca.certificatePem]), asServer(server));
    assert.equal(yield* refusal(Layers.layerRoots(otherCa.certificatePem), asServer(server)), "unknown_ca");
    const elsewhere = asServer(server, "example.com");
    assert.equal(yield* refusal(Layers.layerRoots(ca.certificatePem), elsewhere), "name_mismatch");
  }),
);

effect(
  "the time is that of the Clock",
  Effect.gen(function* () {
    const layer = Layers.layerRoots(ca.certificatePem);
    for (const [year, expected] of [[2019, "not_yet_valid"], [2041, "expired"]] as const) {
      yield* TestClock.setTime(Date.UTC(year, 0));
      assert.equal(yield* refusal(layer, asServer(server)), expected);
    }
    yield* TestClock.setTime(Date.UTC(2030, 0));
    yield* verify(layer, asServer(server));
  }),
);

live(
  "what is allowed to be weak is a setting",
  Effect.gen(function* () {
    const weak = makeCa({ key: "rsa1024" });
    const leaf = asServer(weak.issue({ signature: "rsa_sha1" }));
    assert.equal(yield* refusal(Layers.layerRoots(weak.certificatePem), leaf), "invalid");
    yield* verify(Layers.layerRoots(weak.certificatePem, { minimumRsaBits: 1024, sha1: true }), leaf);
  }),
);

for (
  const [name, chain, index] of [
    ["an empty chain", [], 0],
    ["a leaf that is no certificate", [Uint8Array.of(1)], 0],
    ["an intermediate that is no certificate", [server.der, new Uint8Array(9)], 1],
  ] as const
) {
  live(
    `${name} is a typed error`,
    Effect.gen(function* () {
      const what = { chain, name: undefined, purpose: "clientAuth" } as const;
      const error = yield* Effect.flip(verify(Layers.layerRoots(ca.certificatePem), what));
      assert.ok(error instanceof CertificateError);
      assert.deepEqual([error.reason, error.index], ["unreadable", index]);
    }),
  );
}

for (const text of ["", "-----BEGIN CERTIFICATE-----\n", pem("CERTIFICATE", Uint8Array.of(1))]) {
  live(
    `roots that cannot be read fail the layer: ${JSON.stringify(text.slice(0, 40))}`,
    Effect.map(
      Effect.flip(verify(Layers.layerRoots([ca.certificatePem, text]), asServer(server))),
      (error) => assert.equal(error._tag, "PemError"),
    ),
  );
}

// -- the system's roots --

/** With SSL_CERT_FILE set, which is the process's: tests run one after another. */
const withCertFile = <A, E>(file: string, run: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const before = Deno.env.get("SSL_CERT_FILE");
      Deno.env.set("SSL_CERT_FILE", file);
      return before;
    }),
    () => run,
    (before) =>
      Effect.sync(() =>
        before === undefined ? Deno.env.delete("SSL_CERT_FILE") : Deno.env.set("SSL_CERT_FILE", before)
      ),
  );

const temporaryFile = (text: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const file = await Deno.makeTempFile();
      await Deno.writeTextFile(file, text);
      return file;
    }),
    (file) => Effect.promise(() => Deno.remove(file)),
  );

live(
  "the system's roots are those of SSL_CERT_FILE; what in it is no certificate is passed over",
  Effect.gen(function* () {
    const odd = pem("CERTIFICATE", Uint8Array.of(0x30, 0));
    const damaged = odd.replace("\n", "\n*");
    const file = yield* temporaryFile(`# roots\n${odd}${damaged}${ca.certificatePem}`);
    yield* withCertFile(file, verify(Layers.layerSystem, asServer(server)));
    const stranger = asServer(otherCa.issue());
    assert.equal(yield* withCertFile(file, refusal(Layers.layerSystem, stranger)), "unknown_ca");
  }),
);

for (const [what, text] of [["empty", ""], ["broken", "-----BEGIN CERTIFICATE-----\nAAAA\n"]] as const) {
  live(
    `an SSL_CERT_FILE that is ${what} fails the layer, and the error names it`,
    Effect.gen(function* () {
      const file = yield* temporaryFile(text);
      const error = yield* Effect.flip(withCertFile(file, partition(Layers.layerSystem)));
      assert.ok(error instanceof Layers.SystemRootsError);
      assert.ok(error.message.includes(file));
    }),
  );
}

live(
  "an SSL_CERT_FILE that is not there fails the layer",
  Effect.gen(function* () {
    const error = yield* Effect.flip(withCertFile("/nowhere/roots.pem", partition(Layers.layerSystem)));
    assert.ok(error instanceof Layers.SystemRootsError);
    assert.equal(error.tried.length, 1);
  }),
);

live(
  "the roots that the runtime brings along trust what real authorities signed, and no test's",
  Effect.gen(function* () {
    const real = yield* Either.map(certificatesFromPem(isrgRootX1), (all) => all.map(({ raw }) => raw));
    yield* verify(Layers.layerBundled, { chain: real, name: undefined, purpose: "serverAuth" });
    assert.equal(yield* refusal(Layers.layerBundled, asServer(server)), "unknown_ca");
  }),
);

live(
  "a runtime that brings no roots along fails the layer",
  Effect.gen(function* () {
    const { getBuiltinModule } = process;
    yield* Effect.addFinalizer(() => Effect.sync(() => Object.assign(process, { getBuiltinModule })));
    Object.assign(process, { getBuiltinModule: () => undefined });
    const error = yield* Effect.flip(partition(Layers.layerBundled));
    assert.ok(error instanceof Layers.SystemRootsError);
    assert.deepEqual(error.tried, ["the runtime: it has none"]);
  }),
);

// -- pins --

const spkiOf = (der: Uint8Array) => Either.getOrThrow(parseCertificate(der)).spki;
const pinOf = (der: Uint8Array, form: "hex" | "base64") =>
  createHash("sha256").update(spkiOf(der)).digest(form);

for (
  const [name, pin] of [
    ["hexadecimal", pinOf(server.der, "hex")],
    ["capital hexadecimal", pinOf(server.der, "hex").toUpperCase()],
    ["hexadecimal with colons", pinOf(server.der, "hex").replace(/..(?=.)/g, "$&:")],
    ["base64", pinOf(server.der, "base64")],
    ["base64 as curl has it", `sha256//${pinOf(server.der, "base64")}`],
  ] as const
) {
  live(
    `a pin in ${name} trusts its leaf, whatever the name, and nobody else`,
    Effect.gen(function* () {
      const layer = Layers.layerPinned([pinOf(otherCa.der, "hex"), pin]);
      yield* verify(layer, asServer(server, "another.name"));
      assert.equal(yield* refusal(layer, asServer(ca.issue())), "not_pinned");
      assert.equal(yield* refusal(layer, { ...asServer(server), chain: [Uint8Array.of(1)] }), "not_pinned");
    }),
  );
}

live(
  "a pin is the leaf's alone: an authority's trusts no leaf below",
  Effect.map(
    refusal(Layers.layerPinned([pinOf(server.chain[1]!, "hex")]), asServer(server)),
    (reason) => assert.equal(reason, "not_pinned"),
  ),
);

for (
  const pin of ["", "abc", pinOf(server.der, "hex").slice(1), "sha1/" + "A".repeat(27) + "=", "*".repeat(64)]
) {
  live(
    `what is no SHA-256 hash is no pin: ${JSON.stringify(pin.slice(0, 12))}, ${pin.length} characters`,
    Effect.map(
      Effect.flip(partition(Layers.layerPinned([pin]))),
      (error) => assert.ok(error instanceof Layers.InvalidPin && error.message.includes(JSON.stringify(pin))),
    ),
  );
}

// -- the others --

live(
  "the insecure layer trusts everybody, and none nobody",
  Effect.gen(function* () {
    yield* verify(Layers.layerInsecure, { chain: [Uint8Array.of(1)], name: "x", purpose: "serverAuth" });
    assert.equal(yield* refusal(Layers.layerNone, asServer(server)), "unknown_ca");
  }),
);

live(
  "both trusts whom both trust",
  Effect.gen(function* () {
    const roots = Layers.layerRoots(ca.certificatePem);
    const pinned = Layers.layerPinned([pinOf(server.der, "hex")]);
    yield* verify(Layers.both(roots, pinned), asServer(server));
    const stranger = asServer(ca.issue());
    assert.equal(yield* refusal(Layers.both(roots, pinned), stranger), "not_pinned");
    assert.equal(
      yield* refusal(Layers.both(pinned, roots), asServer(server, "example.com")),
      "name_mismatch",
    );
    const broken = Layers.both(roots, Layers.layerPinned(["?"]));
    assert.ok(Exit.isFailure(yield* Effect.exit(partition(broken))));
  }),
);

live(
  "one's own verifier is asked, and its error is what comes out",
  Effect.gen(function* () {
    const refused = new CertificateError({
      reason: "refused",
      index: 0,
      subject: "",
      detail: "not on a Sunday",
      rfc: "RFC 5280 §6",
    });
    const layer = Layers.make(
      "calendar",
      ({ name }) => name === "sunday" ? Effect.fail(refused) : Effect.void,
    );
    yield* verify(layer, asServer(server));
    assert.equal(yield* Effect.flip(verify(layer, asServer(server, "sunday"))), refused);
    assert.equal(yield* partition(layer), "calendar");
    // The peer is told by the reason's alert, or by one that is named.
    assert.equal(alertOf(refused), "certificate_unknown");
    assert.equal(alertOf(new CertificateError({ ...refused, alert: "access_denied" })), "access_denied");
    // Nothing that would sound like peace, or like nothing at all.
    for (const alert of ["close_notify", "user_canceled", "no_renegotiation", "no_certificate", "no name"]) {
      assert.equal(
        alertOf(new CertificateError({ ...refused, alert: alert as "access_denied" })),
        "certificate_unknown",
      );
    }
  }),
);

live(
  "one's own verifier may take its time, and ask another one first",
  Effect.gen(function* () {
    const roots = Layers.layerRoots(ca.certificatePem);
    const layer = Layers.both(
      roots,
      Layers.make("registry", ({ name }) =>
        Effect.filterOrFail(
          Effect.as(Effect.sleep("10 millis"), name),
          (known) => known === "localhost",
          () =>
            new CertificateError({
              reason: "refused",
              index: 0,
              subject: "",
              detail: "not registered",
              rfc: "RFC 5280 §6",
              alert: "access_denied",
            }),
        ).pipe(Effect.asVoid)),
    );
    yield* verify(layer, asServer(server));
    assert.equal(yield* refusal(layer, asServer(server, "127.0.0.1")), "refused");
    assert.equal(yield* refusal(layer, asServer(server, "example.com")), "name_mismatch");
  }),
);

live(
  "a stapled response is judged by roots, and by both where one of them does",
  Effect.gen(function* () {
    const middle = ca.intermediate();
    const leaf = middle.issue();
    const what = { ...asServer(leaf), ocspResponse: makeStaple(middle, leaf, { status: "revoked" }) };
    const roots = Layers.layerRoots(ca.certificatePem);
    const pinned = Layers.layerPinned([pinOf(leaf.der, "hex")]);
    assert.equal(yield* refusal(roots, what), "revoked");
    assert.equal(yield* refusal(Layers.both(pinned, roots), what), "revoked");
    const file = yield* temporaryFile(ca.certificatePem);
    assert.equal(yield* withCertFile(file, refusal(Layers.layerSystem, what)), "revoked");
    yield* verify(pinned, what);
  }),
);

live(
  "different settings have different partitions, and the same settings the same one",
  Effect.gen(function* () {
    const [a, b] = [ca.certificatePem, otherCa.certificatePem];
    const pins = [pinOf(ca.der, "hex"), pinOf(otherCa.der, "hex")];
    const distinct: ReadonlyArray<Verifier<unknown>> = [
      Layers.layerInsecure,
      Layers.layerNone,
      Layers.layerRoots(a),
      Layers.layerRoots(b),
      Layers.layerRoots([a, b]),
      Layers.layerRoots(a, { sha1: true }),
      Layers.layerRoots(a, { minimumRsaBits: 1024 }),
      Layers.layerPinned(pins),
      Layers.layerPinned(pins.slice(1)),
      Layers.both(Layers.layerRoots(a), Layers.layerPinned(pins)),
    ];
    const names = yield* Effect.forEach(distinct, partition);
    assert.equal(new Set(names).size, names.length);
    assert.ok(names.every((name) => name.length > 0 && name.length <= 255));
    assert.equal(yield* partition(Layers.layerRoots([b, a])), yield* partition(Layers.layerRoots([a + b])));
    assert.equal(
      yield* partition(Layers.layerPinned(pins.toReversed())),
      yield* partition(Layers.layerPinned(pins)),
    );
  }),
);
