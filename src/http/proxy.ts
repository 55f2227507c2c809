/** Tunnels through a proxy: CONNECT (RFC 9110 §9.3.6), over TCP or over TLS. @module */
import { TransportError } from "../public/transport.ts";
import { asSocket, type Dial, plain, type Spoken, type Target, targetOf, tls } from "./connector.ts";
import { Buffer, Client, errors } from "./deps.ts";
import { ProxyRefused } from "./errors.ts";

/** A proxy, how to reach it, and what it is told besides the target. */
export interface Proxy {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly dial: Dial;
}

/** A proxy by its URL; its credentials go into a header field. What is `spoken` with it is TLS if its URL says so. */
export const proxyAt = (
  url: URL,
  headers: Readonly<Record<string, string>>,
  spoken: Spoken | undefined,
): Proxy => ({
  url,
  headers: { ...credentials(url), ...headers },
  dial: spoken ? tls(spoken) : plain,
});

/** The URL of a proxy for people to read. */
export const named = ({ url: { protocol, host } }: Proxy): string => `the proxy ${protocol}//${host}`;

const credentials = ({ username, password }: URL): Record<string, string> => {
  if (username === "" && password === "") return {};
  // Bytes, where `decodeURIComponent` throws at what is no UTF-8, and at a lone %.
  const both = `${username}:${password}`.replace(
    /%([0-9a-f]{2})/gi,
    (_, byte) => String.fromCharCode(parseInt(byte, 16)),
  );
  return { "proxy-authorization": `Basic ${Buffer.from(both, "latin1").toString("base64")}` };
};

/** Opens connections through a proxy. Rejects with ProxyRefused, or with why the proxy cannot be reached. */
export const tunnel = (proxy: Proxy): Dial => async (target, signal) => {
  const client = new Client(proxy.url.origin, {
    allowH2: false,
    connect: (_, done) => {
      proxy.dial(targetOf(proxy.url), signal).then(
        (duplex) => done(null, asSocket(duplex)),
        (e) => done(e, null),
      );
    },
  });
  try {
    const { statusCode, socket } = await client.connect({
      path: authority(target),
      headers: proxy.headers,
      signal,
    });
    if (statusCode >= 200 && statusCode < 300) return socket;
    socket.on("error", () => {}).destroy(); // nothing is asked of it any more
    throw new ProxyRefused({ proxy: named(proxy), target: authority(target), status: statusCode });
  } catch (error) {
    // A pool that is told of an error of undici's own by its connector tries again, at once and for ever.
    if (!(error instanceof errors.UndiciError)) throw error;
    const { hostname, port } = targetOf(proxy.url);
    throw new TransportError({ operation: "open", cause: error, address: { hostname, port } });
  } finally {
    // The tunnel is no longer the client's.
    client.destroy().catch(() => {});
  }
};

const authority = ({ hostname, port }: Target): string =>
  `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
