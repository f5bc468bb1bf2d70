// Parts of a page that another page already shows: <div data-borrow="/tasks/?agent=echo" data-part="tasks">.
const held = new WeakMap();
const every = [...document.querySelectorAll("[data-borrow]")];

async function borrow(holder) {
  try {
    const answer = await fetch(holder.dataset.borrow, { headers: { Accept: "text/html" } });
    const part = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(holder.dataset.part);
    if (!part) throw new Error(answer.status);
    if (held.get(holder) === part.innerHTML) return;
    held.set(holder, part.innerHTML);
    holder.replaceChildren(...part.childNodes);
    document.dispatchEvent(new CustomEvent("ax:borrowed"));
  } catch {
    if (!held.has(holder)) holder.firstElementChild.textContent = holder.dataset.failed;
  }
}

const borrowAll = () => every.forEach(borrow);
borrowAll();
for (const news of ["ax:refreshed", "ax:tried"]) document.addEventListener(news, borrowAll);
