"""A CT as numbers: volume and geometry, windowing, resampling, lungs. No DICOM, no database."""
