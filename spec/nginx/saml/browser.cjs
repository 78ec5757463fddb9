// Signs in through the guard in Chromium, at an identity provider of another site. Prints one JSON object.
// Usage: node browser.cjs FOLDER PROFILE BASE EMAIL
const path = require("path");
const [folder, profile, base, email] = process.argv.slice(2);
const { chromium } = require(path.join(path.resolve(folder), "playwright-core"));

const flags = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
const PATIENCE = 120000;

// The list of people: whoever has this address.
async function choose(page) {
  const row = page.locator("tr", { hasText: email }).first();
  await row.locator("button").click();
}

const shown = async (page) => ({ url: page.url(), text: await page.locator("body").innerText() });

async function main() {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: flags });
  const result = { cookies: [] };
  async function fresh() {
    const context = await browser.newContext();
    context.setDefaultTimeout(PATIENCE);
    return context;
  }

  // one sign-on, the back button, the session's cookie
  let context = await fresh();
  let page = await context.newPage();
  await page.goto(`${base}/reports?year=2026`);
  result.people = page.url();
  await choose(page);
  await page.waitForURL(`${base}/**`);
  result.first = await shown(page);
  for (const cookie of await context.cookies()) {
    if (cookie.name.startsWith("__Host-")) result.cookies.push(cookie);
  }
  result.script = await page.evaluate(() => document.cookie);
  await page.goBack();
  await page.waitForLoadState();
  await page.goto(`${base}/reports`);
  result.back = await shown(page);
  await context.close();

  // three tabs at once
  context = await fresh();
  const tabs = [];
  for (const name of ["one", "two", "three"]) {
    const tab = await context.newPage();
    await tab.goto(`${base}/${name}`);
    tabs.push(tab);
  }
  result.tabs = [];
  for (const tab of [tabs[2], tabs[0], tabs[1]]) {
    await choose(tab);
    await tab.waitForURL(`${base}/**`);
    result.tabs.push(await shown(tab));
  }
  await context.close();

  // the cookie of the sign-on is lost: one clean retry
  context = await fresh();
  page = await context.newPage();
  await page.goto(`${base}/lost`);
  await context.clearCookies({ name: /^__Host-lastpass_saml_r_/ });
  const visited = [];
  page.on("framenavigated", (frame) => visited.push(frame.url()));
  await choose(page);
  await page.waitForURL(`${base}/**`);
  result.lost = { ...(await shown(page)), visited };
  await context.close();

  await browser.close();
  process.stdout.write(JSON.stringify(result));
}

main().catch((error) => {
  process.stdout.write(JSON.stringify({ error: String(error && error.stack) }));
  process.exit(1);
});
