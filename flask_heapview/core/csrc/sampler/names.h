/* Names of files, functions, endpoints and threads, each kept once.
 *
 * Keys are 64-bit hashes, CPython's own (keyed, SipHash): two names that collide are taken for one.
 */
#ifndef HEAPVIEW_SAMPLER_NAMES_H
#define HEAPVIEW_SAMPLER_NAMES_H

#include "sampler/tables.h"

#define HV_MAX_NAME_BYTES 400 /* of a name that are kept */

/* Of a str, kept by it once it is known; nothing is allocated. */
uint64_t hv_text_hash(PyObject *text);
uint32_t hv_string_of(PyObject *text);

#endif
