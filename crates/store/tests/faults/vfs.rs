//! The layer between SQLite and the operating system (a VFS, sqlite.org/vfs.html): every call that can fail goes
//! through the [`Disk`] that the file lies on; files elsewhere do not notice it.
//!
//! All of the unsafe code is here. It rests on what SQLite promises a VFS: pointers to files that were opened and
//! not yet closed, and buffers of the length that is given with them.

use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use std::sync::Once;

use rusqlite::ffi;

use crate::disk::{Disk, Handle};
use crate::plan::Call;

/// Memory mapping came with version 3, so with 2 SQLite reads and writes the file by calls only.
const METHODS_VERSION: c_int = 2;

/// An open file as SQLite sees it. The file of the layer below lies behind it in memory.
#[repr(C)]
struct LayeredFile {
    base: ffi::sqlite3_file,
    /// From `Box::into_raw`, until the file is closed.
    handle: *mut Handle,
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: METHODS_VERSION,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Puts the layer under every connection that this process opens from now on.
pub fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // SAFETY: SQLite initialises itself in this call; the answer is a VFS that lives as long as the process,
        // as does the copy of it, which is leaked and whose functions all are replaced or only pass a pointer on.
        let code = unsafe {
            let below = ffi::sqlite3_vfs_find(ptr::null());
            let file_size = c_int::try_from(size_of::<LayeredFile>()).unwrap() + (*below).szOsFile;
            let layer = ffi::sqlite3_vfs {
                iVersion: METHODS_VERSION,
                szOsFile: file_size,
                pNext: ptr::null_mut(),
                zName: c"faults".as_ptr(),
                pAppData: below.cast(),
                xOpen: Some(open),
                xDelete: Some(delete),
                xAccess: Some(access),
                xFullPathname: Some(full_pathname),
                ..*below
            };
            ffi::sqlite3_vfs_register(Box::into_raw(Box::new(layer)), 1)
        };
        assert_eq!(code, ffi::SQLITE_OK);
    });
}

/// The VFS below.
///
/// # Safety
/// `vfs` is the one that [`install`] has registered.
unsafe fn below(vfs: *mut ffi::sqlite3_vfs) -> *mut ffi::sqlite3_vfs {
    // SAFETY: `install` has put the pointer there.
    unsafe { (*vfs).pAppData.cast() }
}

/// The disk of a file and the file's name there, if the file is on one that can fail.
///
/// # Safety
/// `name` is null or ends with a zero byte.
unsafe fn place(name: *const c_char) -> Option<(std::sync::Arc<Disk>, String)> {
    if name.is_null() {
        return None;
    }
    // SAFETY: the caller's promise.
    let path = unsafe { CStr::from_ptr(name) };
    Disk::of(Path::new(OsStr::from_bytes(path.to_bytes())))
}

/// The file of the layer below and its methods.
///
/// # Safety
/// `file` is open through [`open`] and has a [`Handle`].
unsafe fn file_below<'a>(
    file: *mut ffi::sqlite3_file,
) -> (*mut ffi::sqlite3_file, &'a ffi::sqlite3_io_methods) {
    // SAFETY: `open` has had it opened in the memory behind the `LayeredFile`, so its methods are set.
    unsafe {
        let inner: *mut ffi::sqlite3_file = file.cast::<LayeredFile>().add(1).cast();
        (inner, &*(*inner).pMethods)
    }
}

/// The model of an open file.
///
/// # Safety
/// `file` is open through [`open`] and has a [`Handle`].
unsafe fn handle<'a>(file: *mut ffi::sqlite3_file) -> &'a Handle {
    // SAFETY: `open` has put the pointer there, and only `close` frees what it points to.
    unsafe { &*(*file.cast::<LayeredFile>()).handle }
}

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives this VFS, the file's name, and `szOsFile` bytes for the file, which are enough for a
    // file of the VFS below alone, or behind a `LayeredFile`.
    unsafe {
        let below = below(vfs);
        let open = (*below).xOpen.unwrap();
        let Some((disk, short)) = place(name) else {
            return open(below, name, file, flags, out_flags);
        };
        (*file).pMethods = ptr::null();
        let inner = file.cast::<LayeredFile>().add(1).cast();
        match disk.open(&short, flags, || open(below, name, inner, flags, out_flags)) {
            Ok(handle) => {
                let base = ffi::sqlite3_file { pMethods: &raw const METHODS };
                let handle = Box::into_raw(Box::new(handle));
                file.cast::<LayeredFile>().write(LayeredFile { base, handle });
                ffi::SQLITE_OK
            }
            Err(code) => code,
        }
    }
}

unsafe extern "C" fn delete(vfs: *mut ffi::sqlite3_vfs, name: *const c_char, sync_folder: c_int) -> c_int {
    // SAFETY: SQLite gives this VFS and a path, which go on to the VFS below.
    unsafe {
        let below = below(vfs);
        let real = || (*below).xDelete.unwrap()(below, name, sync_folder);
        match place(name) {
            Some((disk, short)) => disk.delete(&short, sync_folder != 0, real),
            None => real(),
        }
    }
}

unsafe extern "C" fn access(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    flags: c_int,
    answer: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives this VFS, a path and room for the answer, which go on to the VFS below.
    unsafe {
        let below = below(vfs);
        let real = || (*below).xAccess.unwrap()(below, name, flags, answer);
        match place(name) {
            Some((disk, _)) => disk.look(Call::Access, real),
            None => real(),
        }
    }
}

unsafe extern "C" fn full_pathname(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    size: c_int,
    answer: *mut c_char,
) -> c_int {
    // SAFETY: SQLite gives this VFS, a path and `size` bytes for the answer, which go on to the VFS below.
    unsafe {
        let below = below(vfs);
        (*below).xFullPathname.unwrap()(below, name, size, answer)
    }
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: the file is open, and SQLite does not use it any more after this call.
    unsafe {
        let (inner, methods) = file_below(file);
        let code = methods.xClose.unwrap()(inner);
        drop(Box::from_raw((*file.cast::<LayeredFile>()).handle));
        code
    }
}

unsafe extern "C" fn read(file: *mut ffi::sqlite3_file, to: *mut c_void, size: c_int, from: i64) -> c_int {
    // SAFETY: the file is open, and there are `size` bytes at `to`.
    unsafe {
        let (inner, methods) = file_below(file);
        handle(file).look(Call::Read, || methods.xRead.unwrap()(inner, to, size, from))
    }
}

unsafe extern "C" fn write(file: *mut ffi::sqlite3_file, from: *const c_void, size: c_int, at: i64) -> c_int {
    let (length, offset) = (usize::try_from(size).unwrap(), u64::try_from(at).unwrap());
    // SAFETY: the file is open, and there are `size` bytes at `from`, of which no more are written.
    unsafe {
        let (inner, methods) = file_below(file);
        let bytes = std::slice::from_raw_parts(from.cast::<u8>(), length);
        handle(file).write(offset, bytes, |bytes| {
            let size = c_int::try_from(bytes.len()).unwrap();
            methods.xWrite.unwrap()(inner, bytes.as_ptr().cast(), size, at)
        })
    }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: i64) -> c_int {
    // SAFETY: the file is open.
    unsafe {
        let (inner, methods) = file_below(file);
        let real = || methods.xTruncate.unwrap()(inner, size);
        handle(file).truncate(u64::try_from(size).unwrap(), real)
    }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: the file is open.
    unsafe { handle(file) }.sync()
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, answer: *mut i64) -> c_int {
    // SAFETY: the file is open, and there is room for the answer.
    unsafe {
        let (inner, methods) = file_below(file);
        handle(file).look(Call::FileSize, || methods.xFileSize.unwrap()(inner, answer))
    }
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    region: c_int,
    size: c_int,
    extend: c_int,
    answer: *mut *mut c_void,
) -> c_int {
    // SAFETY: the file is open, and there is room for the answer.
    unsafe {
        let (inner, methods) = file_below(file);
        let real = || methods.xShmMap.unwrap()(inner, region, size, extend, answer);
        handle(file).look(Call::ShmMap, real)
    }
}

/// Methods that do not reach the disk, and so cannot fail with it.
macro_rules! pass_on {
    ($($name:ident($($argument:ident: $type:ty),*) $(-> $answer:ty)? = $method:ident;)*) => {$(
        unsafe extern "C" fn $name(file: *mut ffi::sqlite3_file $(, $argument: $type)*) $(-> $answer)? {
            // SAFETY: the file is open, and the arguments are those that SQLite gives the layer below.
            unsafe {
                let (inner, methods) = file_below(file);
                methods.$method.unwrap()(inner $(, $argument)*)
            }
        }
    )*};
}

pass_on! {
    lock(level: c_int) -> c_int = xLock;
    unlock(level: c_int) -> c_int = xUnlock;
    check_reserved_lock(answer: *mut c_int) -> c_int = xCheckReservedLock;
    file_control(operation: c_int, argument: *mut c_void) -> c_int = xFileControl;
    sector_size() -> c_int = xSectorSize;
    device_characteristics() -> c_int = xDeviceCharacteristics;
    shm_lock(offset: c_int, number: c_int, flags: c_int) -> c_int = xShmLock;
    shm_barrier() = xShmBarrier;
    shm_unmap(delete: c_int) -> c_int = xShmUnmap;
}
