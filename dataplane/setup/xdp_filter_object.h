/*
 * xdp_filter_object.h - the compiled xdp_filter.bpf.c, an ELF file, as bytes: xdp_filter_object.c is made by the build.
 */
#ifndef AMITY_XDP_FILTER_OBJECT_H
#define AMITY_XDP_FILTER_OBJECT_H

#include <stddef.h>

extern const unsigned char xdp_filter_object[];
extern const size_t xdp_filter_object_bytes;

#endif
