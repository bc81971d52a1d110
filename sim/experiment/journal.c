/* journal.c -- see journal.h.
 *
 *     "georepJ1" digest { length point model replication checksum, length bytes of figures }*
 *
 * A record is whole or it is not there: its checksum covers its bytes, and whatever follows the first record
 * that does not fit is cut off when the run goes on. */
#include "sim/experiment/journal.h"

#include "sim/base/array.h"
#include "sim/base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char magic[8] = "georepJ1";

struct head {
    uint64_t length, point, checksum;
    uint32_t model, replication;
};

struct entry {
    struct journal_trial trial;
    uint64_t offset, length;
};

struct journal {
    int file;
    char *path;
    uint64_t end;
    ARRAY(struct entry) entries;
};

static uint64_t checksum_of(const struct head *head, const unsigned char *bytes)
{
    uint64_t h =
        hash_join(hash_join(head->length, head->point), (uint64_t)head->model << 32 | head->replication);
    uint64_t sum = UINT64_C(0xcbf29ce484222325);

    for (uint64_t i = 0; i < head->length; i++)
        sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash_join(h, sum);
}

/* The record at j->end: true and past it, if it is whole. */
static bool record_scan(struct journal *j, uint64_t size)
{
    struct head head;

    if (size - j->end < sizeof head || pread(j->file, &head, sizeof head, (off_t)j->end) != sizeof head ||
        head.length > size - j->end - sizeof head)
        return false;
    unsigned char *bytes = memory_new(head.length, 1);
    bool whole = pread(j->file, bytes, head.length, (off_t)(j->end + sizeof head)) == (ssize_t)head.length &&
                 checksum_of(&head, bytes) == head.checksum;
    free(bytes);
    if (!whole)
        return false;
    struct entry *e = array_add(&j->entries);
    *e = (struct entry){{head.point, head.model, head.replication}, j->end + sizeof head, head.length};
    j->end += sizeof head + head.length;
    return true;
}

static bool write_all(int file, const void *bytes, size_t count, uint64_t at)
{
    const char *from = bytes;

    while (count != 0) {
        ssize_t done = pwrite(file, from, count, (off_t)at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        from += done;
        count -= (size_t)done;
        at += (uint64_t)done;
    }
    return true;
}

struct journal *journal_open(const char *path, uint64_t digest, bool resume, struct failure *f)
{
    char start[sizeof magic + sizeof digest], there[sizeof start];
    struct stat about;
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);

    if (file < 0) {
        failure_set(f, STATUS_REFUSED, "cannot write %s: %s", path, strerror(errno));
        return NULL;
    }
    memcpy(start, magic, sizeof magic);
    memcpy(start + sizeof magic, &digest, sizeof digest);
    struct journal *j = memory_new(1, sizeof *j);
    j->file = file;
    j->path = memory_text(path);
    j->end = sizeof start;
    if (flock(file, LOCK_EX | LOCK_NB) != 0) {
        failure_set(f, STATUS_REFUSED,
                    "another run is writing %s; wait for it, or name another folder with --output", path);
    } else if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) {
        failure_set(f, STATUS_REFUSED, "%s is no ordinary file", path);
    } else {
        ssize_t had = pread(file, there, sizeof there, 0);
        if (had > 0 && (had < (ssize_t)sizeof magic || memcmp(there, magic, sizeof magic) != 0)) {
            failure_set(f, STATUS_WRONG, "%s is not a journal of georep, and has the place of one", path);
        } else {
            if (resume && had == sizeof there && memcmp(there, start, sizeof start) == 0)
                while (record_scan(j, (uint64_t)about.st_size))
                    ;
            if (ftruncate(file, (off_t)(j->entries.count != 0 ? j->end : 0)) != 0 ||
                !write_all(file, start, sizeof start, 0))
                failure_set(f, STATUS_REFUSED, "cannot write %s: %s", path, strerror(errno));
        }
    }
    if (f->status != 0) {
        journal_close(j, false);
        return NULL;
    }
    return j;
}

void journal_close(struct journal *j, bool remove_file)
{
    if (j == NULL)
        return;
    if (remove_file)
        (void)unlink(j->path);
    close(j->file);
    array_free(&j->entries);
    free(j->path);
    free(j);
}

struct trial_figures *journal_read(struct journal *j, struct journal_trial trial)
{
    array_each (struct entry, e, &j->entries) {
        if (e->trial.point != trial.point || e->trial.model != trial.model ||
            e->trial.replication != trial.replication)
            continue;
        char *bytes = memory_new(e->length, 1);
        struct trial_figures *figures = NULL;
        if (pread(j->file, bytes, e->length, (off_t)e->offset) == (ssize_t)e->length) {
            FILE *from = fmemopen(bytes, e->length, "r");
            figures = from != NULL ? trial_figures_read(from) : NULL;
            if (from != NULL)
                fclose(from);
        }
        free(bytes);
        return figures;
    }
    return NULL;
}

bool journal_append(struct journal *j, struct journal_trial trial, const struct trial_figures *figures,
                    struct failure *f)
{
    char *bytes = NULL;
    size_t count = 0;
    FILE *to = open_memstream(&bytes, &count);

    CHECK(to != NULL);
    bool written = trial_figures_write(figures, to);
    CHECK(fclose(to) == 0 && written); /* into memory: nothing refuses */
    struct head head = {
        .length = count, .point = trial.point, .model = trial.model, .replication = trial.replication};
    head.checksum = checksum_of(&head, (const unsigned char *)bytes);
    bool good = write_all(j->file, &head, sizeof head, j->end) &&
                write_all(j->file, bytes, count, j->end + sizeof head);
    free(bytes);
    if (!good)
        return failure_set(f, STATUS_REFUSED, "cannot write %s: %s", j->path, strerror(errno));
    struct entry *e = array_add(&j->entries);
    *e = (struct entry){trial, j->end + sizeof head, count};
    j->end += sizeof head + count;
    return true;
}

size_t journal_count(const struct journal *j)
{
    return j->entries.count;
}
