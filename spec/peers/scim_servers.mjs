// Two SCIM servers that nobody here wrote, on ports that the system gives: scimmy with scimmy-routers (express),
// and @better-auth/scim over better-auth's memory. Run in the folder of npm's packages; SCIM_TOKEN is the token, SCIM_ONLY one of the two.
// It prints a line "name address" for each, and ends when the process SCIM_PARENT does.
import http from "node:http";
import { randomUUID } from "node:crypto";

const token = process.env.SCIM_TOKEN;
const only = process.env.SCIM_ONLY;

function listen(name, handler, path) {
  return new Promise((resolve) => {
    const server = http.createServer(handler);
    server.listen(0, "127.0.0.1", () => {
      console.log(`${name} http://127.0.0.1:${server.address().port}${path}`);
      resolve();
    });
  });
}

async function startScimmy() {
  const { default: express } = await import("express");
  const { default: SCIMMY } = await import("scimmy");
  const { default: SCIMMYRouters } = await import("scimmy-routers");

  // What is stored is up to whoever uses scimmy: a map by id, and userName unique whatever the case.
  function declare(type, name) {
    const stored = new Map();
    SCIMMY.Resources.declare(type)
      .ingress((resource, instance) => {
        const wanted = JSON.parse(JSON.stringify(instance));
        const id = resource.id ?? randomUUID();
        if (resource.id && !stored.has(id)) {
          throw new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);
        }
        for (const [other, value] of stored) {
          if (other !== id && value[name].toLowerCase() === wanted[name].toLowerCase()) {
            throw new SCIMMY.Types.Error(409, "uniqueness", `${name} is taken`);
          }
        }
        const now = new Date().toISOString();
        const created = stored.get(id)?.meta?.created ?? now;
        stored.set(id, { ...wanted, id, meta: { created, lastModified: now } });
        return stored.get(id);
      })
      .egress((resource) => {
        if (!resource.id) {
          const all = [...stored.values()];
          return resource.filter ? resource.filter.match(all) : all;
        } else if (!stored.has(resource.id)) {
          throw new SCIMMY.Types.Error(404, null, `Resource ${resource.id} not found`);
        }
        return stored.get(resource.id);
      })
      .degress((resource) => {
        if (!stored.delete(resource.id)) {
          throw new SCIMMY.Types.Error(404, null, `Resource ${resource.id} not found`);
        }
      });
  }
  SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser, false);
  declare(SCIMMY.Resources.User, "userName");
  declare(SCIMMY.Resources.Group, "displayName");

  const app = express();
  app.use(
    "/scim",
    new SCIMMYRouters({
      type: "bearer",
      handler: (request) => {
        if (request.header("Authorization") !== `Bearer ${token}`) {
          throw new Error("not authorized");
        }
        return "admin";
      },
    }),
  );
  await listen("scimmy", app, "/scim");
}

async function startBetterAuth() {
  const { betterAuth } = await import("better-auth");
  const { memoryAdapter } = await import("better-auth/adapters/memory");
  const { toNodeHandler } = await import("better-auth/node");
  const { scim } = await import("@better-auth/scim");

  const { getAuthTables } = await import("better-auth/db");

  const database = {};
  const auth = betterAuth({
    baseURL: "http://127.0.0.1",
    secret: "a-secret-of-the-specs-with-32-characters",
    database: memoryAdapter(database),
    emailAndPassword: { enabled: true },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    plugins: [scim({ connections: [{ id: "specs", credentials: [{ id: "one", token }] }] })],
  });
  for (const table of Object.values(getAuthTables(auth.options))) {
    database[table.modelName] = [];
  }
  await listen("better-auth", toNodeHandler(auth), "/api/auth/scim/v2");
}

const starters = { scimmy: startScimmy, "better-auth": startBetterAuth };
for (const [name, start] of Object.entries(starters)) {
  if (only && name !== only) continue;
  try {
    await start();
  } catch (error) {
    console.log(`${name} failed: ${String(error?.message ?? error).split("\n")[0]}`);
    console.error(error);
  }
}
console.log("ready");
setInterval(() => {
  try {
    process.kill(Number(process.env.SCIM_PARENT), 0);
  } catch {
    process.exit(0);
  }
}, 500);
