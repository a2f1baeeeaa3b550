for (const picture of document.querySelectorAll("img[data-src]")) {
  picture.src = picture.dataset.src;
  picture.nextElementSibling?.matches("noscript") && picture.nextElementSibling.remove();
}
