"""What watches the estate: recorders, detectors, scanners."""

from __future__ import annotations

from tests.estate.seed import REGIONS, Estate

CONFIG_ROLE = (
    "arn:aws:iam::123456789012:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
)


def watching(estate: Estate, region: str) -> None:
    """A recorder of everything, a detector with a filter, Macie, Security Hub."""
    recorders = estate.client("config", region)
    everything = {"allSupported": True, "includeGlobalResourceTypes": True}
    recorders.put_configuration_recorder(
        ConfigurationRecorder={
            "name": "default",
            "roleARN": CONFIG_ROLE,
            "recordingGroup": everything,
        }
    )
    recorders.put_delivery_channel(
        DeliveryChannel={"name": "default", "s3BucketName": "acme-scratch"}
    )
    recorders.start_configuration_recorder(ConfigurationRecorderName="default")
    if region != REGIONS[0]:
        estate.client("guardduty", region).create_detector(Enable=True)
    detectors = estate.client("guardduty", region)
    (detector,) = detectors.list_detectors()["DetectorIds"]
    detectors.create_filter(
        DetectorId=detector, Name="quiet", FindingCriteria={"Criterion": {}}, Action="ARCHIVE"
    )
    estate.client("macie2", region).enable_macie()
    estate.client("securityhub", region).enable_security_hub()
