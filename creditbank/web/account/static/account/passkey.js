// Asks the device for a passkey and puts its answer into the form; without this script the form says so.

const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const opened = (options) => {
  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  for (const list of ["excludeCredentials", "allowCredentials"])
    for (const one of options[list] || []) one.id = bytes(one.id);
  return options;
};

const answered = ({ id, rawId, type, response }) => {
  const said = { clientDataJSON: text(response.clientDataJSON) };
  if (response.attestationObject) said.attestationObject = text(response.attestationObject);
  else {
    said.authenticatorData = text(response.authenticatorData);
    said.signature = text(response.signature);
    if (response.userHandle) said.userHandle = text(response.userHandle);
  }
  return JSON.stringify({ id, rawId: text(rawId), type, response: said, clientExtensionResults: {} });
};

// A device that has an address without a name has no passkeys, nor has a page that was not sent safely.
const offered = window.PublicKeyCredential && window.isSecureContext && !/^[\d.:[\]]+$/.test(location.hostname);

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!offered) continue;
  form.querySelector("[data-passkey-missing]").hidden = true;
  form.querySelector("button").hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const publicKey = opened(JSON.parse(form.dataset.options));
    const make = form.dataset.passkey === "make";
    let given;
    try {
      given = await (make ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey }));
    } catch {
      given = null; // refused or taken too long: the page that answers says what to do
    }
    form.elements.answer.value = given ? answered(given) : "";
    form.submit();
  });
}
