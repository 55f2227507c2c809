/** The spans of Effect that a handshake makes for whoever traces. @module */
import { assert, Context, DefaultServices, Effect, Exit, Option, Tracer } from "../deps.ts";
import { CertificateVerifier } from "../../src/ports/trust.ts";
import { sync } from "../support/effect.ts";
import { bothHandshake, build, handshake } from "../support/handshake.ts";

/** A tracer that notes the spans it is asked for. */
const noting = () => {
  const spans: Array<Tracer.Span> = [];
  const { span, context } = Context.get(DefaultServices.liveServices, Tracer.Tracer);
  const tracer = Tracer.make({
    span: (...of) => {
      const made = span(...of);
      spans.push(made);
      return made;
    },
    context,
  });
  return { tracer, spans };
};

sync(
  "who traces sees a span for each end's handshake, which ends with it",
  Effect.gen(function* () {
    const { tracer, spans } = noting();
    yield* handshake().pipe(Effect.withSpan("a test"), Effect.withTracer(tracer));
    assert.deepEqual(spans.map(({ name }) => name).toSorted(), [
      "a test",
      "effect-tls.client.handshake",
      "effect-tls.server.handshake",
    ]);
    const [test, ...sides] = spans;
    for (const { parent } of sides) assert.equal(Option.getOrThrow(parent), test);
    for (const { status } of spans) assert.ok(status._tag === "Ended" && Exit.isSuccess(status.exit));
  }),
);

sync(
  "a span of what a handshake asks for is within the handshake's",
  Effect.gen(function* () {
    const { tracer, spans } = noting();
    const built = yield* build();
    const { verify, ...rest } = Context.get(built.client, CertificateVerifier);
    const verifier = CertificateVerifier.of({
      ...rest,
      verify: (peer) => Effect.withSpan(verify(peer), "verify"),
    });
    const client = Context.add(built.client, CertificateVerifier, verifier);
    const met = yield* bothHandshake({ ...built, client }).pipe(
      Effect.withSpan("a test"),
      Effect.withTracer(tracer),
    );
    yield* met.client;
    const parents = spans.map(({ name, parent }) =>
      `${name} in ${Option.match(parent, { onNone: () => "nothing", onSome: nameOf })}`
    );
    assert.ok(parents.includes("verify in effect-tls.client.handshake"), parents.join());
  }),
);

const nameOf = (span: Tracer.AnySpan) => span._tag === "Span" ? span.name : span.spanId;
