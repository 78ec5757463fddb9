// Opens pages in Chromium as a reader does, in light and dark, wide and narrow, and on paper; looks
// at them with axe-core. Prints one JSON list. Usage: node report_html.cjs FOLDER PROFILE SHOTS FILE…
const fs = require("fs");
const path = require("path");
const [folder, profile, shots, ...files] = process.argv.slice(2);
const modules = path.resolve(folder);
const { chromium } = require(path.join(modules, "playwright-core"));
const axe = fs.readFileSync(path.join(modules, "axe-core", "axe.min.js"), "utf8");

const flags = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const widths = [1280, 390];

// What a page says, asks for and looks like, with nothing of ours in it.
async function look(page, file, width, scheme) {
  const messages = [];
  const requests = [];
  page.on("console", (message) => messages.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => messages.push(`error: ${error.message}`));
  page.on("request", (request) => requests.push(request.url()));
  await page.setViewportSize({ width, height: 900 });
  await page.emulateMedia({ colorScheme: scheme });
  await page.goto(`file://${file}`);
  const shape = await page.evaluate(() => ({
    title: document.title,
    headings: [...document.querySelectorAll("h1,h2,h3,h4,h5,h6")].map((h) => Number(h.tagName[1])),
    landmarks: ["header", "main", "footer"].filter((name) => document.querySelector(name)),
    tables: document.querySelectorAll("table").length,
    captions: document.querySelectorAll("table > caption").length,
    scripts: document.querySelectorAll("script").length,
    elements: [...new Set([...document.querySelectorAll("*")].map((e) => e.localName))].sort(),
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    page: getComputedStyle(document.body).backgroundColor,
  }));
  if (shots !== "-") {
    const name = path.basename(file, ".html");
    await page.screenshot({ path: path.join(shots, `${name}-${width}-${scheme}.png`), fullPage: true });
  }
  const outside = requests.filter((url) => !/^(file|data):/.test(url));
  await page.evaluate(axe);
  const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations", "incomplete"] }));
  return {
    file: path.basename(file),
    width,
    scheme,
    messages,
    outside,
    ...shape,
    violations: found.violations.map((v) => `${v.id}: ${v.nodes.length} × ${v.nodes[0].html}`),
    unsure: found.incomplete.map((v) => v.id),
    checked: found.passes.map((v) => v.id),
  };
}

// Follows links from figures to their rows: how many the page says, and how many are there to see.
function follow(page) {
  return page.evaluate(() => {
    const links = [...document.querySelectorAll('a[href^="#only-"]')];
    const seen = new Map(links.map((link) => [link.getAttribute("href"), null]));
    const shown = (section) =>
      [...section.querySelectorAll("tbody tr")].filter((row) => row.getClientRects().length > 0).length;
    for (const address of seen.keys()) {
      location.hash = address;
      const mark = document.querySelector(address);
      const section = mark.closest("section");
      const only = shown(section);
      location.hash = mark.querySelector("a").getAttribute("href");
      const said = mark.textContent.match(/: ([\d,]+) of ([\d,]+) rows/).slice(1).map(Number);
      seen.set(address, { said, shown: [only, shown(section)] });
    }
    return [...seen.values()];
  });
}

(async () => {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: "/usr/bin/chromium",
    headless: true,
    chromiumSandbox: false,
    args: flags,
  });
  const results = [];
  for (const [number, file] of files.entries()) {
    for (const [place, width] of widths.entries()) {
      // Every page in both widths and both schemes, every pair of them with every second page.
      const scheme = (number + place) % 2 === 0 ? "light" : "dark";
      const page = await context.newPage();
      results.push(await look(page, file, width, scheme));
      if (width === 1280) {
        const pdf = await page.pdf({ format: "A4" });
        results[results.length - 1].paper = pdf.length;
        results[results.length - 1].leads = await follow(page);
      }
      await page.close();
    }
  }
  await context.close();
  console.log(JSON.stringify(results));
})().catch((error) => {
  console.error(error.stack);
  process.exit(1);
});
