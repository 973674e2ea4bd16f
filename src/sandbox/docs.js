// Lets Swagger UI show one version of the API, and gives it a token of this sandbox.

const version = location.pathname.endsWith("/v1") ? "v1" : "v2";
const shown = document.querySelector(`nav [href="/docs/${version}"]`);
shown.setAttribute("aria-current", "page");
document.title = `${shown.textContent} · ${document.title}`;

const dark = matchMedia("(prefers-color-scheme: dark)");
const shade = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", shade);
shade();

let own;

async function token() {
  const answer = await fetch("/docs/token", { method: "POST" });
  return (await answer.json()).access_token;
}

/** The page's own token may have ended, as the sandbox's clock can be moved: each call has a new one. */
async function renewed(request) {
  if (own && request.headers.Authorization === `Bearer ${own}`) {
    request.headers.Authorization = `Bearer ${await token()}`;
  }
  return request;
}

const ui = SwaggerUIBundle({
  dom_id: "#api",
  url: `/docs/${version}.yaml`,
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  filter: true,
  // They tell how an operation is known, and its errors.
  showExtensions: true,
  tryItOutEnabled: true,
  // Else a service on the internet is asked whether the spec is valid.
  validatorUrl: null,
  requestInterceptor: renewed,
  async onComplete() {
    own = await token();
    ui.preauthorizeApiKey("bearer", own);
  },
});
