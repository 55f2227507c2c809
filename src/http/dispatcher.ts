/** Undici's pools, over connections of this library. @module */
import { Effect, type Scope } from "../deps.ts";
import { clientServices, type OptionsError } from "../promises/services.ts";
import type { Connection } from "../public/connections.ts";
import { Closed } from "../public/errors.ts";
import { asSocket, type Dial, inOrder, plain, tls } from "./connector.ts";
import { Agent, type buildConnector, type Dispatcher, type Duplex, type Pool } from "./deps.ts";
import { ProxyRefused } from "./errors.ts";
import { patient } from "./informational.ts";
import type { Decoded } from "./options.ts";
import { named, type Proxy, proxyAt, tunnel } from "./proxy.ts";
import { sparing } from "./spared.ts";

/** The pools of a `fetch`, which are destroyed with the scope. */
export const dispatcher = Effect.fnUntraced(function* (
  options: Decoded,
): Effect.fn.Return<Dispatcher, OptionsError, Scope.Scope> {
  const { proxy: wanted, serverName, connectTimeout = 10_000, keepAliveTimeout = 4_000, ...rest } = options;
  const { connections, headersTimeout = HEADERS, bodyTimeout = 300_000, observe, ...spoken } = rest;
  const proxy = wanted === undefined ? undefined : yield* proxyOf(wanted);
  const below = proxy && tunnel(proxy);
  const services = yield* clientServices(spoken);
  const https = tls({ options: { ...spoken, observe }, services }, serverName, below);
  const connector = connecting(connectTimeout);
  const agent = new Agent({
    allowH2: false,
    connections: connections ?? null,
    // 0 is without limit for these, and not allowed for that.
    headersTimeout: finite(headersTimeout),
    bodyTimeout: finite(bodyTimeout),
    keepAliveTimeout: Math.min(Math.max(keepAliveTimeout, 1), LONGEST),
    pipelining: keepAliveTimeout === 0 ? 0 : 1,
    connect: connector((target, signal) => (target.protocol === "https:" ? https : plain)(target, signal)),
    factory: (origin, options) =>
      proxy && new URL(origin).protocol === "http:"
        ? forwarding(proxy, { ...options, connect: connector(proxy.dial) })
        : sparing(origin, options),
  });
  yield* Effect.addFinalizer(() => Effect.promise(() => agent.destroy()));
  return agent.compose(patient(headersTimeout));
});

/** The pool of one connection that is open. */
export const agentOver = (connection: Connection): Dispatcher => {
  let only: Duplex | undefined = inOrder(connection);
  const agent = new Agent({
    allowH2: false,
    connections: 1,
    factory: sparing,
    keepAliveTimeout: LONGEST,
    // Undici hears a connector only after it has returned.
    connect: (_, done) =>
      queueMicrotask(() => {
        if (only === undefined) return done(new Closed(), null);
        done(null, asSocket(only));
        only = undefined;
      }),
  });
  return agent.compose(patient(HEADERS));
};

/** How long the head of an answer may take, in milliseconds, as in undici. */
const HEADERS = 300_000;

/** The longest time that undici knows, in milliseconds. */
const LONGEST = 2 ** 31 - 1;
const finite = (time: number): number => time === Infinity ? 0 : time;

/** A proxy, from what the options say of it. */
export const proxyOf = Effect.fnUntraced(function* (
  wanted: NonNullable<Decoded["proxy"]>,
): Effect.fn.Return<Proxy, OptionsError, Scope.Scope> {
  const { url: text, headers = {}, ...options } = typeof wanted === "object" && "url" in wanted
    ? wanted
    : { url: wanted };
  const url = new URL(text);
  if (url.protocol === "http:") return proxyAt(url, headers, undefined);
  return proxyAt(url, headers, { options, services: yield* clientServices(options) });
});

/**
 * Requests for `http:` are given to the proxy as they are, without a tunnel (RFC 9112 §3.2.2). Undici's ProxyAgent would tell a
 * refusal by an error without a type.
 */
const forwarding = (proxy: Proxy, options: Pool.Options): Dispatcher =>
  sparing(proxy.url.origin, options).compose(
    (dispatch) => ({ origin, path, headers, ...request }, handler) => {
      const { host } = new URL(String(origin));
      const refused = new ProxyRefused({ proxy: named(proxy), target: host, status: 407 });
      return dispatch(
        {
          ...request,
          origin: proxy.url.origin,
          path: `${origin}${path}`,
          headers: { ...proxy.headers, host, ...headers as Record<string, string> }, // fetch gives a record
        },
        Object.create(handler, {
          onResponseStart: {
            value(controller: Dispatcher.DispatchController, status: number, ...rest: ResponseHead) {
              if (status === refused.status) return controller.abort(refused);
              return handler.onResponseStart?.call(this, controller, status, ...rest);
            },
          },
        }),
      );
    },
  );

/** What undici tells of an answer's head besides its status. */
type ResponseHead = [headers: Record<string, string | string[]>, statusMessage?: string];

/** A dial as undici's connector. It is given up after some milliseconds. */
const connecting = (timeout: number) => (dial: Dial): buildConnector.connector => (options, done) => {
  const { hostname, protocol } = options;
  const target = { hostname, protocol, port: Number(options.port || (protocol === "https:" ? 443 : 80)) };
  const controller = new AbortController();
  const late = () =>
    controller.abort(
      new DOMException(
        `no connection to ${hostname} port ${target.port} within ${timeout} ms; try again, or give it more time by connectTimeout`,
        "TimeoutError",
      ),
    );
  const timer = timeout === Infinity ? undefined : setTimeout(late, timeout);
  dial(target, controller.signal).finally(() => clearTimeout(timer)).then(
    (duplex) => done(null, asSocket(duplex)),
    (error) => done(error, null),
  );
};
