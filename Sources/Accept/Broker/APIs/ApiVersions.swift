internal import KafkaProtocol

extension Broker {
    /// Says what is served. No features are told: without transactions there are none, and old
    /// clients misread empty ones.
    internal func apiVersions(_ request: ApiVersionsAPI.Request, _ call: Call) -> Handling<FS> {
        .answer(call.answer(ApiVersionsAPI.self, offer(.none)))
    }

    /// The answer to a version of ApiVersions that is not known: what is served, in the oldest
    /// form.
    internal func unsupportedAPIVersions(_ call: Call) -> Answer {
        call.answer(ApiVersionsAPI.self, offer(.unsupportedVersion), version: 0)
    }

    private func offer(_ error: ErrorCode) -> ApiVersionsAPI.Response {
        ApiVersionsAPI.Response {
            $0.errorCode = error
            $0.apis = handlers.values.sorted { $0.api.rawValue < $1.api.rawValue }
                .map { ApiVersionsAPI.Response.API($0.api, $0.advertised) }
        }
    }
}
