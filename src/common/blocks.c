/* Large blocks of memory; blocks.h describes them. */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "blocks.h"

/* Under AddressSanitizer everything comes from malloc, so that it can watch. */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define LP_WATCHED
#endif
#endif

#if defined MREMAP_MAYMOVE && !defined __SANITIZE_ADDRESS__ && !defined LP_WATCHED

#define MAPPED_FROM ((size_t)128 << 10) /* bytes; what is smaller comes from malloc */
#define STEP ((size_t)256 << 10)        /* memory is asked for in such steps, */
#define HUGE ((size_t)2 << 20)          /* and in these from so many bytes on */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

static size_t round_up (size_t bytes, size_t step) {
  return (bytes + step - 1) / step * step;
}

/* Address space that begins and ends where a huge page may; NULL when there is none. */
static void *map_aligned (size_t length) {
  char *space = mmap(NULL, length + HUGE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  size_t before;
  if (space == MAP_FAILED) return NULL;
  before = (HUGE - (uintptr_t)space % HUGE) % HUGE;
  if (before > 0) munmap(space, before);
  if (before < HUGE) munmap(space + before + length, HUGE - before);
  return space + before;
}

/*
** A few mappings of the first size are not given back: the pages of a reply are read, used and
** freed one after the other, and each would have to touch fresh memory. Their contents are not
** zeros.
*/
#define IDLE_MOST 6
#define FIRST_LENGTH (2 * HUGE) /* of address space */

static struct {
  pthread_mutex_t mutex;
  void *mappings[IDLE_MOST];
  int count;
} idle = {PTHREAD_MUTEX_INITIALIZER, {NULL}, 0};

static void *take_idle (void) {
  void *mapping = NULL;
  if (pthread_mutex_trylock(&idle.mutex) != 0) return NULL;
  if (idle.count > 0) mapping = idle.mappings[--idle.count];
  pthread_mutex_unlock(&idle.mutex);
  return mapping;
}

/* Whether it was kept. */
static int keep_idle (void *mapping) {
  int is_cached;
  if (pthread_mutex_trylock(&idle.mutex) != 0) return 0;
  is_cached = idle.count < IDLE_MOST;
  if (is_cached) idle.mappings[idle.count++] = mapping;
  pthread_mutex_unlock(&idle.mutex);
  return is_cached;
}

/* Asks for huge pages where they are worth it; a kernel without them gives others. */
static void prefer_huge (void *items, size_t bytes, size_t mapped) {
  if (bytes >= HUGE / 2) (void)madvise(items, mapped, MADV_HUGEPAGE);
}

/* Gives a block more address space; NULL, and the block as it was, when there is none. */
static void *extend (void *items, size_t used, lp_extent *extent, size_t length) {
  void *moved = extent->mapped == 0 && length == FIRST_LENGTH ? take_idle() : NULL;
  if (moved == NULL) moved = map_aligned(length);
  if (moved == NULL) return NULL;
  if (extent->mapped > 0) {
    void *space = moved;
    moved = mremap(items, extent->mapped, length, MREMAP_MAYMOVE | MREMAP_FIXED, space);
    if (moved == MAP_FAILED) {
      munmap(space, length);
      return NULL;
    }
  } else {
    if (used > 0) memcpy(moved, items, used);
    free(items);
    extent->capacity = 0;
  }
  extent->mapped = length;
  return moved;
}

/* The kernel is asked for the next pages in one go. */
static void *grow_mapped (void *items, size_t used, size_t needed, lp_extent *extent,
                          size_t width) {
  size_t ready, end = round_up(needed, needed < HUGE / 2 ? STEP : HUGE);
  if (end > extent->mapped) {
    void *moved = extend(items, used, extent, round_up(end * 2, FIRST_LENGTH));
    if (moved == NULL) return items;
    items = moved;
  }
  ready = extent->capacity * width / STEP * STEP;
  prefer_huge(items, end, extent->mapped);
  (void)madvise((char *)items + ready, end - ready,
                MADV_POPULATE_WRITE); /* an old kernel may not */
  extent->capacity = end / width;
  return items;
}

#define IS_MAPPED(bytes, extent) ((bytes) > MAPPED_FROM || (extent)->mapped > 0)

static void *map_zeroed (size_t bytes, lp_extent *extent) {
  size_t length = round_up(bytes, HUGE);
  void *items = map_aligned(length);
  if (items == NULL) return NULL;
  extent->mapped = length;
  prefer_huge(items, bytes, length);
  return items;
}

static void unmap (void *items, const lp_extent *extent) {
  if (extent->mapped != FIRST_LENGTH || !keep_idle(items)) munmap(items, extent->mapped);
}

#else

#define IS_MAPPED(bytes, extent) 0
#define grow_mapped(items, used, needed, extent, width) (items)
#define map_zeroed(bytes, extent) NULL
#define unmap(items, extent) ((void)0)

#endif

void *lp_block_grow (void *items, size_t count, size_t more, lp_extent *extent, size_t width) {
  size_t needed = count + more, capacity;
  void *moved;
  if (needed < count || needed > SIZE_MAX / 8 / width) return items;
  if (IS_MAPPED(needed * width, extent))
    return grow_mapped(items, count * width, needed * width, extent, width);
  capacity = needed + needed / 2 + 16;
  moved = realloc(items, capacity * width);
  if (moved == NULL) return items;
  extent->capacity = capacity;
  return moved;
}

void *lp_block_zeroed (size_t count, size_t width, lp_extent *extent) {
  void *items = NULL;
  extent->capacity = extent->mapped = 0;
  if (count > SIZE_MAX / 8 / width) return NULL;
  items =
      IS_MAPPED(count * width, extent) ? map_zeroed(count * width, extent) : calloc(count, width);
  if (items != NULL) extent->capacity = count;
  return items;
}

void lp_block_free (void *items, lp_extent *extent) {
  if (extent->mapped > 0)
    unmap(items, extent);
  else
    free(items);
  extent->capacity = extent->mapped = 0;
}

void lp_buffer_free (lp_buffer *b) {
  lp_block_free(b->bytes, &b->extent);
  b->bytes = NULL;
  b->size = 0;
}
