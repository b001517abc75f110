// A server of `ocpp-rpc` in strict mode whose handlers do nothing with the message: node server.js PORT PROTOCOL
const { RPCServer } = require("ocpp-rpc");

const [port, protocol] = process.argv.slice(2);
const server = new RPCServer({ protocols: [protocol], strictMode: true });
const accepted = { status: "Accepted" };
const now = () => new Date().toISOString();

const handlers = {
  BootNotification: () => ({ currentTime: now(), interval: 60, status: "Accepted" }),
  Heartbeat: () => ({ currentTime: now() }),
  StatusNotification: () => ({}),
  MeterValues: () => ({}),
  StartTransaction: () => ({ transactionId: 1, idTagInfo: accepted }),
  StopTransaction: () => ({ idTagInfo: accepted }),
  TransactionEvent: ({ params }) => (params.idToken ? { idTokenInfo: accepted } : {}),
};

server.auth((accept) => accept());
server.on("client", (client) => {
  for (const [action, handler] of Object.entries(handlers)) client.handle(action, handler);
});
process.on("SIGTERM", () => process.exit(0));
server.listen(Number(port), "127.0.0.1");
