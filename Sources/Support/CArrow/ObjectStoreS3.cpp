#include "ObjectStoreS3.h"

#include <dlfcn.h>
#include <limits.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <random>
#include <string>

#include <arrow/filesystem/s3fs.h>
#include <arrow/io/interfaces.h>

namespace {

namespace fs = arrow::fs;

// Tries again what fails in passing, after a pause that doubles and is drawn anew each time, so that
// many clients of a tired store do not come back at the same moment.
class BackOff : public fs::S3RetryStrategy {
 public:
    explicit BackOff(int64_t attempts_max) : attempts_max_(attempts_max) {}

    bool ShouldRetry(const AWSErrorDetail& error, int64_t attempted) override {
        if (attempted + 1 >= attempts_max_) return false;
        // S3 says these with 503, and some of its likes without the hint that they pass.
        return error.should_retry || error.exception_name == "SlowDown"
            || error.exception_name == "ServiceUnavailable"
            || error.exception_name == "InternalError" || error.exception_name == "RequestTimeout"
            || error.exception_name == "XMinioServerNotInitialized";
    }

    int64_t CalculateDelayBeforeNextRetry(const AWSErrorDetail&, int64_t attempted) override {
        int64_t most = std::min<int64_t>(5'000, 100LL << std::min<int64_t>(attempted, 6));
        thread_local std::minstd_rand random{std::random_device{}()};
        return most / 2 + static_cast<int64_t>(random()) % (most / 2 + 1);
    }

 private:
    int64_t attempts_max_;
};

// What is called in Arrow's library for S3, which nothing here is linked with.
struct Library {
    arrow::Status (*initialize)() = nullptr;
    arrow::Result<std::shared_ptr<fs::S3FileSystem>> (*make)(
        const fs::S3Options&, const arrow::io::IOContext&) = nullptr;
    arrow::Result<std::string> (*resolve_region)(const std::string&) = nullptr;
    fs::S3Options (*defaults)() = nullptr;
    fs::S3Options (*anonymous)() = nullptr;
    fs::S3Options (*from_access_key)(
        const std::string&, const std::string&, const std::string&) = nullptr;
    fs::S3Options (*from_assume_role)(
        const std::string&,
        const std::string&,
        const std::string&,
        int,
        const std::shared_ptr<Aws::STS::STSClient>&) = nullptr;
};

// Where the library is: libarrow.so.2600 has libarrow_s3.so.2600 beside it.
arrow::Result<std::string> library_path() {
    Dl_info place;
    auto* known = reinterpret_cast<void*>(static_cast<void (*)()>(&fs::EnsureFinalized));
    if (dladdr(known, &place) == 0) return arrow::Status::Invalid("Arrow's library is nowhere");
    char resolved[PATH_MAX];
    if (realpath(place.dli_fname, resolved) == nullptr) {
        return arrow::Status::IOError(place.dli_fname, ": ", std::strerror(errno));
    }
    std::string path = resolved;
    auto at = path.rfind("libarrow.so");
    if (at == std::string::npos) return arrow::Status::Invalid("Arrow is ", path);
    path.replace(at, std::strlen("libarrow"), "libarrow_s3");
    return path;
}

template <typename Function>
arrow::Status find(void* library, const std::string& symbol, Function& function) {
    void* address = dlsym(library, symbol.c_str());
    if (!address) return arrow::Status::Invalid("Arrow's library for S3 has no ", symbol);
    function = reinterpret_cast<Function>(address);
    return arrow::Status::OK();
}

arrow::Status load(Library& found) {
    ARROW_ASSIGN_OR_RAISE(std::string path, library_path());
    // Arrow then knows what it has to take down at the end.
    ARROW_RETURN_NOT_OK(fs::LoadFileSystemFactories(path.c_str()));
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) return arrow::Status::IOError(dlerror());
    const std::string fs_prefix = "_ZN5arrow2fs";
    const std::string options = fs_prefix + "9S3Options";
    const std::string text = "RKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE";
    ARROW_RETURN_NOT_OK(find(library, fs_prefix + "19EnsureS3InitializedEv", found.initialize));
    ARROW_RETURN_NOT_OK(find(
        library, fs_prefix + "12S3FileSystem4MakeERKNS0_9S3OptionsERKNS_2io9IOContextE",
        found.make));
    ARROW_RETURN_NOT_OK(
        find(library, fs_prefix + "21ResolveS3BucketRegionE" + text, found.resolve_region));
    ARROW_RETURN_NOT_OK(find(library, options + "8DefaultsEv", found.defaults));
    ARROW_RETURN_NOT_OK(find(library, options + "9AnonymousEv", found.anonymous));
    ARROW_RETURN_NOT_OK(
        find(library, options + "13FromAccessKeyE" + text + "S9_S9_", found.from_access_key));
    return find(
        library,
        options + "14FromAssumeRoleE" + text + "S9_S9_iRKSt10shared_ptrIN3Aws3STS9STSClientEE",
        found.from_assume_role);
}

// Arrow wants to be told before the process ends, and before what it has made for its first store is
// taken down: so this is called when there is one.
void finalize_at_exit() {
    static std::once_flag once;
    std::call_once(once, [] { std::atexit([] { fs::EnsureFinalized(); }); });
}

arrow::Result<const Library*> library() {
    static std::mutex mutex;
    static Library library;
    static bool is_loaded = false;
    std::lock_guard<std::mutex> lock(mutex);
    if (!is_loaded) {
        ARROW_RETURN_NOT_OK(load(library));
        ARROW_RETURN_NOT_OK(library.initialize());
        is_loaded = true;
    }
    return &library;
}

}  // namespace

arrow::Result<std::shared_ptr<fs::FileSystem>> open_s3(const c_arrow_store_options& options) {
    ARROW_ASSIGN_OR_RAISE(const Library* s3, library());
    auto text = [](const char* value) { return std::string(value ? value : ""); };
    fs::S3Options chosen = options.is_anonymous ? s3->anonymous()
        : options.key_id
        ? s3->from_access_key(options.key_id, text(options.secret), text(options.token))
        : options.role ? s3->from_assume_role(options.role, "", "", 900, nullptr)
                       : s3->defaults();
    if (options.scheme) chosen.scheme = options.scheme;
    if (options.endpoint) chosen.endpoint_override = options.endpoint;
    if (options.region) {
        chosen.region = options.region;
    } else if (!options.endpoint && options.bucket && !std::getenv("AWS_ENDPOINT_URL")
               && !std::getenv("AWS_ENDPOINT_URL_S3")) {
        ARROW_ASSIGN_OR_RAISE(chosen.region, s3->resolve_region(options.bucket));
    }
    chosen.force_virtual_addressing = options.is_virtual_hosted != 0;
    chosen.connect_timeout = options.connect_seconds;
    // The caller has threads of its own for what can be sent at the same time, so that memory does
    // not grow with what waits to be sent.
    chosen.background_writes = false;
    // Small objects are put in one request.
    chosen.allow_delayed_open = true;
    chosen.check_directory_existence_before_creation = true;
    chosen.retry_strategy = std::make_shared<BackOff>(options.attempts_max);
    ARROW_ASSIGN_OR_RAISE(auto made, s3->make(chosen, arrow::io::default_io_context()));
    finalize_at_exit();
    return made;
}
