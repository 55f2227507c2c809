/** What this entry point uses of HTTP: undici as the client, Node's server, and Hono's bridge to the web's classes. @module */
export { getRequestListener } from "npm:@hono/node-server@^2.1.9";
export { Agent, type buildConnector, Client, type Dispatcher, errors, fetch, Pool } from "npm:undici@^8.13.1";
export { Buffer } from "node:buffer";
export { type RequestListener, Server, type ServerOptions, type ServerResponse } from "node:http";
export { connect } from "node:net";
export type { Socket } from "node:net";
export type { Duplex } from "node:stream";
