/* The shop's "third-party" library: it renders invoices, keeps every one, and has a clear call that
   nobody found in its manual. */
#include <stdlib.h>
#include <string.h>

typedef struct page {
    struct page *next;
    char text[];
} page;
static page *kept;

size_t
invoice_render(const char *customer, size_t size)
{
    page *made = malloc(sizeof(page) + size);
    if (!made)
        return 0;
    memset(made->text, ' ', size);
    memcpy(made->text, customer, strnlen(customer, size));
    made->next = kept;
    kept = made;
    return size;
}

void
invoice_clear(void)
{
    while (kept) {
        page *next = kept->next;
        free(kept);
        kept = next;
    }
}
